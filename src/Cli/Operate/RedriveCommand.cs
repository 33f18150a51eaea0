using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Failures;
using AaClip.Pipeline.Storage;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip redrive</c>: sends messages that were given up on back to their queues.</summary>
internal static class RedriveCommand
{
    public static Command Create()
    {
        Option<string?> queue = new("--queue")
        {
            Description = $"Only messages of this queue: {string.Join(", ", Redrive.Queues)}. Default: all of them.",
            HelpName = "NAME",
        };
        Option<string?> camera = new("--camera")
        {
            Description = "Only messages about images of this camera. Default: all.",
            HelpName = "NAME",
        };
        Option<DateTimeOffset?> since = Since.Option(
            "Only messages given up on since then: a duration back from now (30m, 2h, 7d), or a time."
        );
        Option<bool> dry = new("--dry-run") { Description = "Lists what would be sent, and sends nothing." };
        Option<bool> json = new("--json") { Description = "One JSON object per message." };
        Account account = new();
        Verb command = new(
            "redrive",
            "Sends messages that were given up on (poison messages) back to their queues, each once. Run it after the cause is "
                + "repaired: a model, storage or a setting. The messages are kept under results/failed/, with how often each was sent "
                + "back. A failed job is resumed instead: 'aaclip jobs resume'. The exit code is 1 when any message could not be sent.",
            "aaclip redrive --dry-run",
            "aaclip redrive --queue score --camera line1 --since 2h"
        )
        {
            queue,
            camera,
            since,
            dry,
            json,
        };
        account.AddTo(command);
        queue.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && !Redrive.Queues.Contains(r.Tokens[^1].Value))
                r.AddError($"--queue is '{r.Tokens[^1].Value}', expected {string.Join(", ", Redrive.Queues)}.");
        });
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    StorageClients storage = await account.OpenAsync(parsed, cancellation);
                    Redrive redrive = new(storage, TimeProvider.System);
                    List<GivenUp> found = await redrive
                        .ListAsync(parsed.GetValue(queue), parsed.GetValue(camera), parsed.GetValue(since), cancellation)
                        .ToListAsync(cancellation);
                    List<GivenUp> waiting = [.. found.Where(f => !f.Message.SentBack).OrderBy(f => f.Message.RecordedAt)];
                    return await SendAsync(
                        redrive,
                        waiting,
                        found.Count - waiting.Count,
                        parsed.GetValue(dry),
                        parsed.GetValue(json),
                        cancellation
                    );
                })
        );
        return command;
    }

    private static async Task<int> SendAsync(
        Redrive redrive,
        List<GivenUp> waiting,
        int before,
        bool dry,
        bool json,
        CancellationToken cancellation
    )
    {
        List<RedriveLine> lines = [];
        try
        {
            using ProgressLine progress = new();
            foreach (GivenUp each in waiting)
            {
                cancellation.ThrowIfCancellationRequested();
                FailedMessage? sent = dry ? null : await redrive.SendAsync(each.Blob, cancellation);
                lines.Add(RedriveLine.Of(each.Blob, sent ?? each.Message, sent is not null));
                progress.Show("Sending", lines.Count, waiting.Count);
            }
        }
        finally
        {
            // Also after Ctrl-C or an error: reports the messages that were sent.
            Write(lines, json);
            int count = lines.Count(l => l.Sent);
            Console.Error.WriteLine(
                dry
                    ? $"{lines.Count} messages would be sent back; {before} were sent back before."
                    : $"{count} of {waiting.Count} messages were sent back; {before} had been sent back before."
            );
        }

        return dry || lines.All(l => l.Sent) ? 0 : Run.Failed;
    }

    private static void Write(List<RedriveLine> lines, bool json)
    {
        if (json)
            foreach (RedriveLine line in lines)
                Console.WriteLine(JsonSerializer.Serialize(line, LinesJson.Default.RedriveLine));
        else
            Tables.Write(["given up", "queue", Column.Name("image"), "sent", Column.Text("reason")], lines.Select(l => l.Cells()));
    }
}

/// <summary>A message that was given up on, as the verb lists it.</summary>
/// <param name="Redriven">How often it was sent back so far.</param>
/// <param name="Sent">Whether it was sent back just now.</param>
internal sealed record RedriveLine(
    DateTimeOffset RecordedAt,
    string Queue,
    string? Image,
    string Reason,
    int Redriven,
    bool Sent,
    string Record
)
{
    public static RedriveLine Of(string blob, FailedMessage message, bool sent) =>
        new(message.RecordedAt, message.Queue, message.Image, message.Reason, message.Redriven, sent, blob);

    /// <summary>Cells of a table row, with local time.</summary>
    public string[] Cells() =>
        [ResultLine.TimeText(RecordedAt), Queue, Image ?? "", Redriven.ToString(CultureInfo.InvariantCulture), Reason];
}
