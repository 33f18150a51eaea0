using AaClip.Cli.Operate;
using AaClip.Import.Packages;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Operations;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AaClip.Cli.Demo;

/// <summary>
/// One run: 1. find model, samples and profiles; 2. start everything, with an Azurite of its own; 3. drop the samples and show their
/// results; 4. wait until all are processed, or for Ctrl-C; 5. account for every image.
/// </summary>
internal sealed class DemoRun
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    // Longest time without a new result or alert: a full-size model takes seconds to load and to score
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan AlertPatience = TimeSpan.FromSeconds(15);

    private readonly List<DemoRow> _rows = [];
    private readonly Dictionary<string, DemoRow> _byImage = new(StringComparer.Ordinal);
    private readonly TimeProvider _time = TimeProvider.System;

    public string? Model { get; init; }
    public string? Samples { get; init; }
    public required Rate Rate { get; init; }
    public required string Heatmaps { get; init; }
    public bool Once { get; init; }
    public bool Table { get; init; }

    public async Task<int> ExecuteAsync(CancellationToken cancellation)
    {
        // 1. Model, samples, profiles
        string? package = Model ?? ProjectFiles.Find("models/demo");
        bool random = package is null;
        if (package is null)
        {
            Console.WriteLine(
                "The verdicts below mean nothing: there is no model in models/demo, so a small one with random weights is used "
                    + "(README.md says how to import a real one)."
            );
            package = RandomPackage(cancellation);
        }

        string? folder = Samples ?? ProjectFiles.Find("samples");
        IReadOnlyList<DropItem> samples = folder is not null
            ? DemoSamples.Of(folder)
            : DemoSamples.Draw(Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(Heatmaps) ?? ".", "samples")).FullName);
        byte[]? cameras =
            folder is not null && Path.Combine(folder, "cameras.json") is var own && File.Exists(own)
                ? await File.ReadAllBytesAsync(own, cancellation)
            : random ? DemoSamples.Profiles(package, samples, cancellation)
            : await Profiles.ReadAsync(null, cancellation);

        // 2. Start
        using SecondInterrupt atOnce = new();
        using WarningLog log = new();
        try
        {
            await using LocalPipeline pipeline = await LocalPipeline.StartAsync(
                null,
                null,
                package,
                cameras,
                replace: false,
                UpCommand.DefaultReviewPort,
                o => o with { OwnAzurite = true, Logging = l => l.AddProvider(log) },
                cancellation
            );
            log.Write(); // such as a warning about a port in use
            UpCommand.Addresses(pipeline);
            Console.WriteLine($"Copies of the heatmaps: {Heatmaps}");
            Console.WriteLine();

            // 3. Drop and show; 4. wait
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            _ = pipeline.Failed.ContinueWith(_ => end.Cancel(), TaskScheduler.Default);
            bool through = await ShowAsync(pipeline.Storage, samples, end.Token);
            if (pipeline.Failed.IsCompleted)
                throw new InvalidOperationException(await pipeline.Failed);

            // 5. Account for every image
            log.Write();
            int code = await FinishAsync(pipeline.Storage, through, samples.Count, cancellation.IsCancellationRequested);
            await pipeline.StopAsync(atOnce.Token);
            return code;
        }
        finally
        {
            log.Write();
        }
    }

    private static string RandomPackage(CancellationToken cancellation)
    {
        // Named after this build of the program: another build may make another model.
        string folder = UserFolder.File($"random-{typeof(RandomModel).Assembly.ManifestModule.ModuleVersionId:N}");
        if (Directory.Exists(folder))
            return folder;
        if (Path.GetDirectoryName(folder) is { } parent && Directory.Exists(parent))
            foreach (string old in Directory.EnumerateDirectories(parent, "random-*"))
                Directory.Delete(old, recursive: true); // a program that still uses it keeps its files open
        RandomModel.Create(folder, cancellation);
        return folder;
    }

    private async Task<bool> ShowAsync(StorageClients storage, IReadOnlyList<DropItem> samples, CancellationToken cancellation)
    {
        DemoView view = new(Table);
        AlertFollower alerts = new(storage, null);
        bool through = false;
        view.Begin();
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<IReadOnlyList<DropFailure>> dropping = new Drop(storage, _time) { Rate = Rate, Stored = Add }.RunAsync(samples, end.Token);
        async Task Loop(Action draw)
        {
            try
            {
                through = await FollowAsync(storage, view, alerts, dropping, samples.Count, draw, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                through = dropping.IsCompletedSuccessfully && _rows.All(r => r.Result is not null); // Ctrl-C is the normal end here
            }
        }

        if (Table)
        {
            IRenderable Drawn()
            {
                lock (_rows)
                    return DemoView.Draw(_rows, samples.Count, alerts.Open, AnsiConsole.Profile.Width, AnsiConsole.Profile.Height);
            }

            await AnsiConsole.Live(Drawn()).AutoClear(true).StartAsync(live => Loop(() => live.UpdateTarget(Drawn())));
            lock (_rows)
                DemoView.Close(_rows, samples.Count, alerts.Open);
        }
        else
        {
            await Loop(() => { });
        }

        await end.CancelAsync();
        await dropping.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        if (dropping.IsCompletedSuccessfully)
            foreach (DropFailure failure in await dropping)
                Console.Error.WriteLine($"Not stored: {failure.Path}: {StorageErrors.Explain(failure.Error) ?? failure.Error.Message}");
        return through;
    }

    private async Task<bool> FollowAsync(
        StorageClients storage,
        DemoView view,
        AlertFollower alerts,
        Task<IReadOnlyList<DropFailure>> dropping,
        int total,
        Action draw,
        CancellationToken cancellation
    )
    {
        ResultFollower results = new(storage, null);
        long news = _time.GetTimestamp();
        int seen = 0,
            quiet = 0;
        while (true)
        {
            foreach (ResultLine line in (await results.LookAsync(cancellation)).Select(ResultLine.Of))
            {
                DemoRow row = Place(line);
                view.Scored(row);
                await CopyHeatmapAsync(storage, line, cancellation);
                news = _time.GetTimestamp();
            }

            foreach (SeenAlert alert in (await alerts.LookAsync(cancellation)).Where(a => a.Kind == AlertKind.Anomaly))
            {
                Mark(alert);
                view.Alert(alert);
                seen++;
                news = _time.GetTimestamp();
            }

            draw();
            int scored;
            lock (_rows)
                scored = _rows.Count(r => r.Result is not null);
            if (Once && dropping.IsCompleted)
            {
                if (dropping.IsFaulted || dropping.Result.Count > 0)
                    return false;
                TimeSpan silence = _time.GetElapsedTime(news);
                quiet = scored >= total && alerts.Undelivered == 0 && await IdleAsync(storage, cancellation) ? quiet + 1 : 0;
                bool alerted = seen > 0 || !_rows.Any(r => r.Result?.Verdict == Verdict.Anomalous) || silence > AlertPatience;
                if (quiet >= 2 && alerted)
                    return true;
                if (silence > Patience)
                    return false;
            }

            await Task.Delay(Pause, _time, cancellation);
        }
    }

    // Writes one conclusion: an incomplete run says so, instead of saying that everything so far is accounted for.
    private async Task<int> FinishAsync(StorageClients storage, bool through, int total, bool stopped)
    {
        VerifyReport report = await new Verification(storage, null, null).RunAsync(CancellationToken.None);
        Console.WriteLine();
        VerifyCommand.Write(report, conclude: through);
        if (through)
            return report.Clean ? 0 : Run.Failed;
        int scored;
        lock (_rows)
            scored = _rows.Count(r => r.Result is not null);
        Console.WriteLine(
            stopped
                ? $"Stopped by Ctrl-C when {scored} of {total} samples had a result."
                : $"Given up when {scored} of {total} samples had a result: nothing happened for {Patience.TotalSeconds:F0} s, or "
                    + $"images could not be stored."
        );
        return stopped ? Run.Stopped : Run.Failed;
    }

    private void Add(Dropped image)
    {
        lock (_rows)
        {
            if (_byImage.ContainsKey(image.Blob))
                return;
            DemoRow row = new(ImageName.Of(image.Blob).Camera, image.Blob) { DroppedAt = image.At };
            _byImage[image.Blob] = row;
            _rows.Add(row);
        }
    }

    private DemoRow Place(ResultLine line)
    {
        lock (_rows)
        {
            if (!_byImage.TryGetValue(line.Image, out DemoRow? row))
            {
                _byImage[line.Image] = row = new DemoRow(line.Camera, line.Image); // stored by another program
                _rows.Add(row);
            }

            row.Result = line;
            return row;
        }
    }

    // A closed alert is shown at the camera's newest normal image; other changes at the image that the alert names.
    private void Mark(SeenAlert alert)
    {
        lock (_rows)
        {
            DemoRow? row =
                alert.Change == "closed"
                    ? _rows.LastOrDefault(r => r.Camera == alert.Camera && r.Result?.Verdict == Verdict.Normal)
                    : _byImage.GetValueOrDefault(alert.Image ?? "");
            if (row is not null)
                row.Alert = $"{alert.Change} {alert.Severity}";
        }
    }

    private async Task CopyHeatmapAsync(StorageClients storage, ResultLine line, CancellationToken cancellation)
    {
        string blob = Path.ChangeExtension(line.Result, ".jpg"),
            file = Path.Combine(Heatmaps, Path.ChangeExtension(line.Image, ".jpg"));
        if (!Path.GetFullPath(file).StartsWith(Heatmaps + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            return; // a name with ".." must not lead out of the folder
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!); // the path has a folder
            await storage.Container(ContainerNames.Heatmaps).GetBlobClient(blob).DownloadToAsync(file, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            File.Delete(file); // a failed image has no heatmap
        }
    }

    private static async Task<bool> IdleAsync(StorageClients storage, CancellationToken cancellation)
    {
        foreach (string name in (string[])[QueueNames.Uploads, QueueNames.Score, QueueNames.Scored])
            if ((await storage.Queue(name).GetPropertiesAsync(cancellation)).Value is QueueProperties { ApproximateMessagesCount: > 0 })
                return false;
        return true;
    }
}
