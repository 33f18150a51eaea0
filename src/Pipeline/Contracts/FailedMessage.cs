namespace AaClip.Pipeline.Contracts;

/// <summary>
/// A message from a poison queue, unchanged. Stored under "failed/" in the results container; 'aaclip redrive' sends it to its queue again.
/// </summary>
public sealed record FailedMessage
{
    private const string SentBackKey = "sentback";

    /// <summary>Version of the format.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>The queue that dead-lettered the message, without "-poison".</summary>
    public required string Queue { get; init; }

    /// <summary>The known reason, and what to do.</summary>
    public required string Reason { get; init; }

    /// <summary>Image that the message names; null if it names none.</summary>
    public string? Image { get; init; }

    /// <summary>When the record was made.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The unchanged text of the message; a queue allows up to 64 KB.</summary>
    public required string Body { get; init; }

    /// <summary>How often 'aaclip redrive' sent the message back to its queue.</summary>
    public int Redriven { get; init; }

    /// <summary>When it was last sent back; null if never.</summary>
    public DateTimeOffset? RedrivenAt { get; init; }

    /// <summary>True after it was sent back, until it fails again. It is not sent twice for one failure.</summary>
    public bool SentBack { get; init; }

    /// <summary>Blob metadata, so that a listing shows whether it was sent back.</summary>
    internal Dictionary<string, string> Metadata => new() { [SentBackKey] = SentBack ? "true" : "false" };

    /// <summary>Whether a record with this metadata was not sent back yet.</summary>
    public static bool Waits(IDictionary<string, string>? metadata) =>
        metadata is null || !metadata.TryGetValue(SentBackKey, out string? sent) || sent != "true";
}
