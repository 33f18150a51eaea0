using System.CommandLine;
using System.Text.Json;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Storage;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip results</c>: lists results, newest first, without downloading them.</summary>
internal static class ResultsCommand
{
    public static Command Create()
    {
        Option<string?> camera = CameraOptions.Camera();
        Option<DateTimeOffset?> since = Since.Option("Only results made since then: a duration back from now (30m, 2h, 7d), or a time.");
        Option<string?> model = new("--model")
        {
            Description = "Only this model. Default: all that have results.",
            HelpName = "NAME@VERSION",
        };
        Option<int> top = new("--top")
        {
            Description = "Number of results, newest first.",
            DefaultValueFactory = _ => 50,
            HelpName = "N",
            CustomParser = Values.Whole(1, 1_000_000),
        };
        Option<bool> json = new("--json") { Description = "One JSON object per line." };
        Account account = new();
        Verb command = new(
            "results",
            "Lists results, newest first. Only the listing is downloaded. The score is calibrated: 0.5 is the threshold.",
            "aaclip results --camera line1 --since 2h",
            "aaclip results --camera line1 --top 1000 --json | jq 'select(.verdict == \"anomalous\")'"
        )
        {
            camera,
            since,
            model,
            top,
            json,
        };
        account.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    StorageClients storage = await account.OpenAsync(parsed, cancellation);
                    IReadOnlyList<ResultLine> lines = await ListAsync(
                        storage,
                        parsed.GetValue(model),
                        parsed.GetValue(camera),
                        parsed.GetValue(since),
                        parsed.GetValue(top),
                        cancellation
                    );
                    if (parsed.GetValue(json))
                        foreach (ResultLine line in lines)
                            Console.WriteLine(JsonSerializer.Serialize(line, LinesJson.Default.ResultLine));
                    else
                        Tables.Write(ResultLine.Columns, lines.Select(l => l.Cells()));
                    if (lines.Count == 0)
                        Console.Error.WriteLine("No results.");
                    return 0;
                })
        );
        return command;
    }

    private static async Task<IReadOnlyList<ResultLine>> ListAsync(
        StorageClients storage,
        string? model,
        string? camera,
        DateTimeOffset? since,
        int top,
        CancellationToken cancellation
    )
    {
        if (!await storage.Container(ContainerNames.Results).ExistsAsync(cancellation))
            return [];
        ResultStore results = new(storage);
        List<ResultLine> lines = [];
        await foreach (string id in model is null ? results.ModelsAsync(cancellation) : new[] { model }.ToAsyncEnumerable())
            lines.AddRange((await results.NewestAsync(id, camera, since, top, cancellation)).Select(ResultLine.Of));
        return [.. lines.OrderByDescending(l => l.Time).ThenBy(l => l.Result, StringComparer.Ordinal).Take(top)];
    }
}
