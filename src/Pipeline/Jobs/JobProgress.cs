using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Jobs;

/// <summary>Progress of a job, for the command line and the HTTP API.</summary>
public sealed record JobProgress
{
    /// <summary>Id of the job.</summary>
    public required string Id { get; init; }

    /// <summary>State of the job.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>Why the job failed; null otherwise.</summary>
    public string? Reason { get; init; }

    /// <summary>What the job does with each image.</summary>
    public required RescoreMode Mode { get; init; }

    /// <summary>"name@version" of the new model.</summary>
    public required string Model { get; init; }

    /// <summary>"name@version" of the old model; null until the first step, if the request names none.</summary>
    public string? Against { get; init; }

    /// <summary>Number of images listed so far; the total if <see cref="Listed"/> is true.</summary>
    public required long Images { get; init; }

    /// <summary>Whether all images are listed.</summary>
    public required bool Listed { get; init; }

    /// <summary>Number of images with an outcome.</summary>
    public required long Done { get; init; }

    /// <summary>Number of images whose verdict changed.</summary>
    public required long Flips { get; init; }

    /// <summary>Estimated seconds left; null if unknown.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>When the job was started.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the job last finished a step or changed its status.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Returns the progress of a job.</summary>
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
