namespace AaClip.Pipeline.Contracts;

/// <summary>
/// A message that was given up on, as it was: stored under "failed/" in the results container, from where 'aaclip redrive' sends it
/// again.
/// </summary>
public sealed record FailedMessage
{
    private const string SentBackKey = "sentback";

    /// <summary>Version of the format.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>Queue that gave up, without "-poison".</summary>
    public required string Queue { get; init; }

    /// <summary>What is known of the reason, and what to do.</summary>
    public required string Reason { get; init; }

    /// <summary>Image that the message names; null where it names none.</summary>
    public string? Image { get; init; }

    /// <summary>When the record was made.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The message's text, as it was; the queue allows no more than 64 KB.</summary>
    public required string Body { get; init; }

    /// <summary>How often it was sent back to its queue.</summary>
    public int Redriven { get; init; }

    /// <summary>When it was sent back last; null before.</summary>
    public DateTimeOffset? RedrivenAt { get; init; }

    /// <summary>True once it was sent back, until it is given up on again: it is not sent twice.</summary>
    public bool SentBack { get; init; }

    /// <summary>What the listing tells of it: whether it was sent back.</summary>
    internal Dictionary<string, string> Metadata => new() { [SentBackKey] = SentBack ? "true" : "false" };

    /// <summary>Whether it waits to be sent back, by its metadata.</summary>
    public static bool Waits(IDictionary<string, string>? metadata) =>
        metadata is null || !metadata.TryGetValue(SentBackKey, out string? sent) || sent != "true";
}
