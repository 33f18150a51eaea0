namespace AaClip.Pipeline.Contracts;

/// <summary>
/// Starts the next step of a rescoring job. A duplicate or late delivery does nothing: the job's record holds its progress.
/// </summary>
public sealed record RescoreStep
{
    /// <summary>Version of the message; reading a newer one fails.</summary>
    public int SchemaVersion
    {
        get;
        init => field = MessageSchema.Known(value, nameof(RescoreStep));
    } = MessageSchema.Current;

    /// <summary>Id of the job.</summary>
    public required string Job { get; init; }

    /// <summary>The step, counted from 0.</summary>
    public required int Step { get; init; }
}
