using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Operations;
using AaClip.Pipeline.Storage;
using Spectre.Console;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip watch</c>: results or alerts as they come.</summary>
internal static class WatchCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private const int LeastModel = 12; // or id of an alert
    private static readonly int[] Widths = [14, 12, 32, 18, 5];

    public static Command Create()
    {
        Option<string?> camera = CameraOptions.Camera();
        Option<bool> alerts = new("--alerts")
        {
            Description =
                "Alerts instead of results. Begins with those that are open or wait in the queue. Takes no message from the queue, "
                + "so it can only see its first 32, and the state of each camera; an alert that opens and closes within a second "
                + "may be missed.",
        };
        Option<bool> json = new("--json") { Description = "One JSON object per line." };
        Account account = new();
        Verb command = new(
            "watch",
            "Shows new results, or alerts, until Ctrl-C. Looks once a second; with very many stored results, name a camera.",
            "aaclip watch --camera line1",
            "aaclip watch --alerts --json"
        )
        {
            camera,
            alerts,
            json,
        };
        account.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    StorageClients storage = await account.OpenAsync(parsed, cancellation);
                    string? one = parsed.GetValue(camera);
                    bool asJson = parsed.GetValue(json);
                    if (parsed.GetValue(alerts))
                    {
                        AlertFollower follower = new(storage, one);
                        await FollowAsync(
                            follower.LookAsync,
                            line => asJson ? JsonSerializer.Serialize(line, LinesJson.Default.SeenAlert) : Row(Cells(line)),
                            cancellation
                        );
                    }
                    else
                    {
                        ResultFollower follower = new(storage, one);
                        _ = await follower.LookAsync(cancellation); // leaves out the results that exist
                        await FollowAsync<ResultLine>(
                            async token => [.. (await follower.LookAsync(token)).Select(ResultLine.Of)],
                            line => asJson ? JsonSerializer.Serialize(line, LinesJson.Default.ResultLine) : Row(line.Cells()),
                            cancellation
                        );
                    }

                    return 0; // Ctrl-C is the normal end
                })
        );
        return command;
    }

    private static async Task FollowAsync<T>(
        Func<CancellationToken, Task<IReadOnlyList<T>>> look,
        Func<T, string> write,
        CancellationToken cancellation
    )
    {
        Console.Error.WriteLine("Watching. Ctrl-C ends it.");
        string? warning = null;
        while (!cancellation.IsCancellationRequested)
        {
            long start = TimeProvider.System.GetTimestamp();
            try
            {
                foreach (T line in await look(cancellation))
                    Console.WriteLine(write(line));
                warning = null;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested && (StorageErrors.Explain(e) is not null || e is IOException))
            {
                string reason = StorageErrors.Explain(e) ?? StorageErrors.FirstLine(e.Message);
                if (reason != warning)
                    Console.Error.WriteLine($"warning: {reason}");
                warning = reason;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }

            TimeSpan took = TimeProvider.System.GetElapsedTime(start); // a slow listing takes at most half of the time
            await Task.Delay(took > Pause ? took : Pause, TimeProvider.System, cancellation)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private static string[] Cells(SeenAlert alert) =>
        [
            ResultLine.TimeText(alert.Time),
            alert.Camera,
            alert.Image ?? "",
            $"{alert.Change} {alert.Severity ?? alert.Kind.NameOf()}",
            alert.Score?.ToString("F3", CultureInfo.InvariantCulture) ?? "",
            alert.AlertId,
        ];

    // Columns on a terminal, tabs in a pipe.
    private static string Row(string[] cells) =>
        Console.IsOutputRedirected
            ? string.Join('\t', cells)
            : Tables.Line(
                ResultLine.Columns,
                [.. Widths, Math.Max(LeastModel, AnsiConsole.Profile.Width - Widths.Sum() - 2 * Widths.Length)],
                cells,
                AnsiConsole.Profile.Width
            );
}
