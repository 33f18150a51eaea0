namespace AaClip.Pipeline.Contracts;

/// <summary>
/// A rescoring job is to take its next step. Delivered twice, or late, it does nothing: the job itself knows how far it is.
/// </summary>
public sealed record RescoreStep
{
    /// <summary>Version of the message; a newer one is refused on read.</summary>
    public int SchemaVersion
    {
        get;
        init => field = MessageSchema.Known(value, nameof(RescoreStep));
    } = MessageSchema.Current;

    /// <summary>The job's id.</summary>
    public required string Job { get; init; }

    /// <summary>The step, counted from 0.</summary>
    public required int Step { get; init; }
}
