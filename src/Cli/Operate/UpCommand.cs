using System.CommandLine;
using AaClip.Pipeline.Storage;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip up</c>: the pipeline on this machine, until Ctrl-C.</summary>
internal static class UpCommand
{
    /// <summary>Port of the review page.</summary>
    public const int DefaultReviewPort = 7072;

    public static Command Create()
    {
        Option<string?> persist = new("--persist")
        {
            Description = "Folder where Azurite keeps its data. Default: in memory, lost at the end.",
            HelpName = "DIR",
        };
        Option<string?> model = new("--model")
        {
            Description = "Model package, made by 'aaclip import'. Default: Model__Path of the settings.",
            HelpName = "DIR",
        };
        Option<int> port = new("--port")
        {
            Description = "Port of the HTTP functions on 127.0.0.1; 0 takes a free one.",
            DefaultValueFactory = _ => 7071,
            HelpName = "N",
            CustomParser = Values.Whole(0, 65535),
        };
        Option<int> review = new("--review-port")
        {
            Description = "Port of the review page on 127.0.0.1; 0 takes a free one.",
            DefaultValueFactory = _ => DefaultReviewPort,
            HelpName = "N",
            CustomParser = Values.Whole(0, 65535),
        };
        Option<string?> settings = new("--settings")
        {
            Description =
                "Settings file, as for the Functions tools. Default: local.settings.json in this folder or above, else the sample.",
            HelpName = "FILE",
        };
        Option<string?> cameras = CameraOptions.Cameras();
        Option<string?> functions = new("--functions")
        {
            Description =
                $"Folder of the built function app. Default: the environment variable {FunctionsFolder.Variable}, else that of this build.",
            HelpName = "DIR",
        };
        Verb command = new(
            "up",
            "Runs the pipeline on this machine: Azurite unless storage already answers, all functions in a worker process, HTTP and the "
                + "review page on loopback. The first Ctrl-C lets running work finish, the second ends at once.",
            "aaclip up --model models/aaclip",
            "aaclip up --model models/aaclip --persist azurite-data --cameras cameras.json"
        )
        {
            persist,
            model,
            port,
            review,
            settings,
            cameras,
            functions,
        };
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                    UpAsync(
                        parsed.GetValue(persist),
                        parsed.GetValue(model),
                        parsed.GetValue(port),
                        parsed.GetValue(review),
                        parsed.GetValue(settings),
                        parsed.GetValue(cameras),
                        parsed.GetValue(functions),
                        cancellation
                    )
                )
        );
        return command;
    }

    private static async Task<int> UpAsync(
        string? persist,
        string? model,
        int port,
        int reviewPort,
        string? settings,
        string? cameras,
        string? functions,
        CancellationToken cancellation
    )
    {
        using SecondInterrupt atOnce = new();
        byte[]? profiles = await Profiles.ReadAsync(cameras, cancellation);
        await using LocalPipeline pipeline = await LocalPipeline.StartAsync(
            functions,
            settings,
            model,
            profiles,
            replace: cameras is not null,
            reviewPort,
            o => o with { Persist = persist, Port = port },
            cancellation
        );
        Addresses(pipeline);
        foreach (string gap in pipeline.Gaps)
            Console.Error.WriteLine(gap);
        Console.WriteLine("Ctrl-C ends it.");
        bool failed = await Task.WhenAny(WaitAsync(cancellation), pipeline.Failed) == pipeline.Failed;
        if (failed)
            Console.Error.WriteLine($"aaclip: {await pipeline.Failed}");
        else
            Console.WriteLine("Finishing running work; Ctrl-C again ends at once.");
        await pipeline.StopAsync(atOnce.Token);
        return failed ? Run.Failed : 0;
    }

    /// <summary>Writes the addresses of the review page, storage, queues and HTTP, and the model.</summary>
    public static void Addresses(LocalPipeline pipeline)
    {
        StorageClients storage = pipeline.Storage;
        Console.WriteLine($"Review     {pipeline.Review}   (look, decide, set thresholds)");
        Console.WriteLine($"Model      {pipeline.Model}");
        Console.WriteLine(
            $"Images go  {storage.Container(ContainerNames.Images).Uri.GetLeftPart(UriPartial.Path)}/{{camera}}/...   (aaclip drop "
                + $"--camera NAME DIR)"
        );
        Console.WriteLine(
            $"Results    {storage.Container(ContainerNames.Results).Uri.GetLeftPart(UriPartial.Path)}   (aaclip results, aaclip watch)"
        );
        Console.WriteLine($"Heatmaps   {storage.Container(ContainerNames.Heatmaps).Uri.GetLeftPart(UriPartial.Path)}");
        Console.WriteLine($"Alerts     {storage.Queue(QueueNames.Alerts).Uri.GetLeftPart(UriPartial.Path)}   (aaclip watch --alerts)");
        Console.WriteLine($"Health     {pipeline.Http}/api/health");
    }

    /// <summary>Waits for Ctrl-C; completes without an exception.</summary>
    public static Task WaitAsync(CancellationToken cancellation) =>
        Task.Delay(Timeout.Infinite, cancellation)
            .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
