using System.CommandLine;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using Azure.Storage.Blobs;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip results</c>: lists results of the index, newest image first.</summary>
internal static class ResultsCommand
{
    public static Command Create()
    {
        Option<string?> camera = CameraOptions.Camera();
        Option<DateTimeOffset?> since = Since.Option("Only images stored since then: a duration back from now (30m, 2h, 7d), or a time.");
        Option<string?> model = new("--model")
        {
            Description = "Only this model. Default: all that have results.",
            HelpName = "NAME@VERSION",
        };
        Option<DateTimeOffset?> until = Since.Option("Only images stored before then, in the same way.", "--until");
        Option<Verdict[]> verdict = new("--verdict")
        {
            Description = "Only these verdicts: normal, anomalous or failed. May be given several times.",
            HelpName = "VERDICT",
            CustomParser = Values.Words<Verdict>(),
        };
        Option<string?> objectClass = new("--class") { Description = "Only images of this class.", HelpName = "NAME" };
        Option<string?> part = new("--part") { Description = "Only images of this part: serial number or lot.", HelpName = "PART" };
        Option<string?> job = new("--job") { Description = "Only results that this job asked for.", HelpName = "ID" };
        Option<bool> generated = new("--generated") { Description = "Only images that the camera's check calls generated." };
        Option<double?> minScore = new("--min-score")
        {
            Description = "Only calibrated scores of at least this, 0 to 1.",
            HelpName = "SCORE",
            CustomParser = Values.NumberOrNone<double>(s => s is >= 0 and <= 1, "0 to 1"),
        };
        Option<double?> maxScore = new("--max-score")
        {
            Description = "Only calibrated scores below this, 0 to 1.",
            HelpName = "SCORE",
            CustomParser = Values.NumberOrNone<double>(s => s is >= 0 and <= 1, "0 to 1"),
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
            "Lists results by the time at which their images were stored, newest first. The score is calibrated: 0.5 is the threshold.",
            "aaclip results --camera line1 --since 2h",
            "aaclip results --verdict anomalous --min-score 0.8 --since 7d --top 1000 --json"
        )
        {
            camera,
            since,
            until,
            model,
            verdict,
            objectClass,
            part,
            job,
            generated,
            minScore,
            maxScore,
            top,
            json,
        };
        account.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    StorageClients storage = await account.OpenAsync(parsed, cancellation);
                    ResultIndex index = new(storage);
                    ResultQuery query = new()
                    {
                        Camera = parsed.GetValue(camera),
                        Model = parsed.GetValue(model),
                        Verdicts = parsed.GetValue(verdict) is { Length: > 0 } some ? some : null,
                        Class = parsed.GetValue(objectClass),
                        Part = parsed.GetValue(part),
                        Job = parsed.GetValue(job),
                        Generated = parsed.GetValue(generated) ? PictureOrigin.Generated : null,
                        From = parsed.GetValue(since),
                        To = parsed.GetValue(until),
                        MinScore = parsed.GetValue(minScore),
                        MaxScore = parsed.GetValue(maxScore),
                        PageSize = Math.Min(parsed.GetValue(top), 1000),
                    };
                    List<ResultLine> lines = await index
                        .QueryAsync(query, cancellation)
                        .Take(parsed.GetValue(top))
                        .Select(ResultLine.Of)
                        .ToListAsync(cancellation);
                    if (parsed.GetValue(json))
                        foreach (ResultLine line in lines)
                            Console.WriteLine(JsonSerializer.Serialize(line, LinesJson.Default.ResultLine));
                    else
                        Tables.Write(ResultLine.Columns, lines.Select(l => l.Cells()));
                    if (lines.Count == 0)
                        Console.Error.WriteLine(
                            await LacksIndexAsync(storage, index, cancellation)
                                ? "The results of this account are not in an index yet: 'aaclip verify --repair-index' makes it."
                                : "No results."
                        );
                    return 0;
                })
        );
        return command;
    }

    // An account whose results were made before there was an index has blobs and no table.
    private static async Task<bool> LacksIndexAsync(StorageClients storage, ResultIndex index, CancellationToken cancellation)
    {
        if ((await index.MonthsAsync(cancellation)).Count > 0)
            return false;
        BlobContainerClient results = storage.Container(ContainerNames.Results);
        return await results.ExistsAsync(cancellation)
            && await results.GetBlobsAsync(cancellationToken: cancellation).AnyAsync(cancellation);
    }
}
