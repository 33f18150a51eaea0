using AaClip.Pipeline.Failures;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>A queue gave up on a message: keeps it. The step is <see cref="FailureRecorder"/>.</summary>
public sealed class RecordFailure(FailureRecorder recorder)
{
    /// <summary>A storage event was given up on.</summary>
    [Function("RecordUploadFailure")]
    public Task Upload(
        [QueueTrigger(QueueNames.UploadsPoison, Connection = StorageConnection.Setting)] string message,
        CancellationToken cancellation
    ) => recorder.RecordAsync(QueueNames.Uploads, message, cancellation);

    /// <summary>A new image was given up on.</summary>
    [Function("RecordScoreFailure")]
    public Task Score(
        [QueueTrigger(QueueNames.ScorePoison, Connection = StorageConnection.Setting)] string message,
        CancellationToken cancellation
    ) => recorder.RecordAsync(QueueNames.Score, message, cancellation);

    /// <summary>An image of a job was given up on.</summary>
    [Function("RecordBulkFailure")]
    public Task Bulk(
        [QueueTrigger(QueueNames.ScoreBulkPoison, Connection = StorageConnection.Setting)] string message,
        CancellationToken cancellation
    ) => recorder.RecordAsync(QueueNames.ScoreBulk, message, cancellation);

    /// <summary>The alert of a scored image was given up on.</summary>
    [Function("RecordScoredFailure")]
    public Task Alert(
        [QueueTrigger(QueueNames.ScoredPoison, Connection = StorageConnection.Setting)] string message,
        CancellationToken cancellation
    ) => recorder.RecordAsync(QueueNames.Scored, message, cancellation);

    /// <summary>A job's step was given up on: the job has failed, and may be resumed.</summary>
    [Function("RecordRescoreFailure")]
    public Task Rescore(
        [QueueTrigger(QueueNames.RescorePoison, Connection = StorageConnection.Setting)] string message,
        CancellationToken cancellation
    ) => recorder.RecordAsync(QueueNames.Rescore, message, cancellation);
}
