using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Jobs;

/// <summary>How a job stands, for people and programs.</summary>
public sealed record JobProgress
{
    /// <summary>The job's id.</summary>
    public required string Id { get; init; }

    /// <summary>Where it stands.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>Why it has failed; null otherwise.</summary>
    public string? Reason { get; init; }

    /// <summary>What is done.</summary>
    public required RescoreMode Mode { get; init; }

    /// <summary>The new model.</summary>
    public required string Model { get; init; }

    /// <summary>The old model.</summary>
    public string? Against { get; init; }

    /// <summary>Images until now, or in all where <see cref="Listed"/>.</summary>
    public required long Images { get; init; }

    /// <summary>Whether all images are listed.</summary>
    public required bool Listed { get; init; }

    /// <summary>Images accounted for.</summary>
    public required long Done { get; init; }

    /// <summary>Images whose verdict changed.</summary>
    public required long Flips { get; init; }

    /// <summary>Seconds left at the pace until now; null while that is not known.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>When it was started.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last took a step.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Of a job.</summary>
    public static JobProgress Of(Job job, DateTimeOffset now)
    {
        return new JobProgress
        {
            Id = job.Id,
            Status = job.Status,
            Reason = job.Reason,
            Mode = job.Request.Mode,
            Model = job.Request.Model,
            Against = job.Request.Against,
            Images = job.Images,
            Listed = job.ListedAll,
            Done = job.Found.Images,
            Flips = job.Found.Flips,
            SecondsLeft = job.Left(now) is { } left ? Math.Round(left.TotalSeconds) : null,
            CreatedAt = job.CreatedAt,
            UpdatedAt = job.UpdatedAt,
        };
    }
}
