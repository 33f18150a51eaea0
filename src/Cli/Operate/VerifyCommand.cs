using System.CommandLine;
using System.Text.Json;
using AaClip.Pipeline.Operations;
using AaClip.Pipeline.Storage;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip verify</c>: is every image accounted for?</summary>
internal static class VerifyCommand
{
    private const int Shown = 20;

    public static Command Create()
    {
        Option<string?> camera = CameraOptions.Camera();
        Option<string?> model = new("--model")
        {
            Description = "Every image needs a result of this model. Default: of any.",
            HelpName = "NAME@VERSION",
        };
        Option<bool> alerts = new("--all-alerts")
        {
            Description =
                "Reads every alert in the queue and hides each for up to a minute, so that receivers get it later. Default: only the "
                + "first 32, which can be read without hiding them.",
        };
        Option<bool> repair = new("--repair-index")
        {
            Description =
                "First makes the index agree with the results: writes missing rows and removes rows without a result. If it is stopped, "
                + "start it again: it continues with the rows that are left.",
        };
        Option<bool> json = new("--json") { Description = "The report as one JSON object." };
        Account account = new();
        Verb command = new(
            "verify",
            "Checks that every image is accounted for: its current version needs exactly one result of a model. Lists missing and "
                + "duplicate results, failed images, maps and heatmaps without a result, queues that hold messages, alerts with the "
                + "same id, and models that alternate. The exit code is 0 only when everything is accounted for; while images are "
                + "still being scored, some are missing.",
            "aaclip verify",
            "aaclip verify --camera line1 --model aaclip@3f2a91bc --json",
            "aaclip verify --repair-index"
        )
        {
            camera,
            model,
            alerts,
            repair,
            json,
        };
        account.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    var storage = await account.OpenAsync(parsed, cancellation);
                    if (parsed.GetValue(repair))
                        await RepairAsync(storage, cancellation);
                    VerifyReport report = await new Verification(storage, parsed.GetValue(camera), parsed.GetValue(model))
                    {
                        AllAlerts = parsed.GetValue(alerts),
                    }.RunAsync(cancellation);
                    if (parsed.GetValue(json))
                        Console.WriteLine(JsonSerializer.Serialize(report, LinesJson.Default.VerifyReport));
                    else
                        Write(report);
                    return report.Clean ? 0 : Run.Failed;
                })
        );
        return command;
    }

    private static async Task RepairAsync(StorageClients storage, CancellationToken cancellation)
    {
        using ProgressLine progress = new();
        progress.Show("comparing results and index", 0, 0);
        (int written, int removed) = await new IndexRepair(storage).RunAsync(
            (done, all) => progress.Show("index row", done, all),
            cancellation
        );
        progress.Clear();
        Console.Error.WriteLine($"Index: {written} rows written, {removed} removed.");
    }

    /// <summary>Writes the report as text.</summary>
    /// <param name="conclude">Whether the last line says if everything is accounted for.</param>
    public static void Write(VerifyReport report, bool conclude = true)
    {
        Console.WriteLine(
            $"{report.Images} images: {report.Accounted} accounted for, {report.Missing.Count} "
                + $"missing{(report.Skipped > 0 ? $", {report.Skipped} not to be scored" : "")}."
        );
        foreach ((string model, int count) in report.Models)
            Console.WriteLine($"{count} results of {model}");
        if (report.Older > 0)
            Console.WriteLine($"{report.Older} of them of images that were overwritten or deleted since");
        foreach ((string queue, int count) in report.Queues)
            Console.WriteLine($"about {count} messages in queue {queue}");
        List("without a result", report.Missing);
        List("duplicate results", report.Doubled);
        List("results without their map", report.WithoutMap);
        List("results without their row in the index, which --repair-index writes", report.Unindexed);
        List("rows of the index without their result, which --repair-index removes", report.StaleRows);
        List("alert ids that came more than once", report.RepeatedAlerts);
        List("models alternate between new images, so that two hosts may use different ones on this storage", report.Mixed);
        List("failed images, with a result that says why", report.Failed);
        if (report.PastFailures > 0)
            Console.WriteLine($"{report.PastFailures} failures of versions that were replaced or deleted since");
        List("queues in which messages wait for more than a day", report.Waiting);
        List("messages given up on, which 'aaclip redrive' sends again", report.GivenUp);
        List("maps or heatmaps without a result, left by a crash", report.Orphans);
        if (report.Queues.GetValueOrDefault("alerts") is var waiting && waiting > report.Alerts)
            Console.WriteLine($"Only the first {report.Alerts} of about {waiting} alerts were looked at: --all-alerts looks at all.");
        if (conclude)
            Console.WriteLine(report.Clean ? "Everything is accounted for." : "Not everything is accounted for.");
    }

    private static void List(string what, IReadOnlyList<string> names)
    {
        if (names.Count == 0)
            return;
        Console.WriteLine($"{names.Count} {what}:");
        foreach (string name in names.Take(Shown))
            Console.WriteLine($"  {name}");
        if (names.Count > Shown)
            Console.WriteLine($"  and {names.Count - Shown} more: --json lists all.");
    }
}
