namespace AaClip.Pipeline.Results;

/// <summary>A message that was given up on and has no place among the results: stored under "failed/" in the results container.</summary>
public sealed record FailedMessage
{
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
}
