using AaClip.Pipeline.Failures;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>Records the messages of the poison queues. The logic is in <see cref="FailureRecorder"/>.</summary>
public sealed class RecordFailure(FailureRecorder recorder)
{
    /// <summary>Records a failed storage event.</summary>
    [Function("RecordUploadFailure")]
    public Task Upload(
        [QueueTrigger(QueueNames.UploadsPoison, Connection = StorageConnection.Setting)] string message,
        CancellationToken cancellation
    ) => recorder.RecordAsync(QueueNames.Uploads, message, cancellation);

    /// <summary>Records a failed request for a new image.</summary>
    [Function("RecordScoreFailure")]
    public Task Score(
        [QueueTrigger(QueueNames.ScorePoison, Connection = StorageConnection.Setting)] string message,
        CancellationToken cancellation
    ) => recorder.RecordAsync(QueueNames.Score, message, cancellation);

    /// <summary>Records a failed request of a job or of the shadow model.</summary>
    [Function("RecordBulkFailure")]
    public Task Bulk(
        [QueueTrigger(QueueNames.ScoreBulkPoison, Connection = StorageConnection.Setting)] string message,
        CancellationToken cancellation
    ) => recorder.RecordAsync(QueueNames.ScoreBulk, message, cancellation);

    /// <summary>Records a scored image whose alert step failed.</summary>
    [Function("RecordScoredFailure")]
    public Task Alert(
        [QueueTrigger(QueueNames.ScoredPoison, Connection = StorageConnection.Setting)] string message,
        CancellationToken cancellation
    ) => recorder.RecordAsync(QueueNames.Scored, message, cancellation);

    /// <summary>Records a frame whose event step failed.</summary>
    [Function("RecordEventFailure")]
    public Task Event(
        [QueueTrigger(QueueNames.EventsPoison, Connection = StorageConnection.Setting)] string message,
        CancellationToken cancellation
    ) => recorder.RecordAsync(QueueNames.Events, message, cancellation);

    /// <summary>Records a failed step of a job, and marks the job as failed; it can be resumed.</summary>
    [Function("RecordRescoreFailure")]
    public Task Rescore(
        [QueueTrigger(QueueNames.RescorePoison, Connection = StorageConnection.Setting)] string message,
        CancellationToken cancellation
    ) => recorder.RecordAsync(QueueNames.Rescore, message, cancellation);
}
