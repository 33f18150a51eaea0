using System.Runtime.CompilerServices;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace AaClip.Pipeline.Failures;

/// <summary>
/// Sends failed messages back to their queues, each once: the record is marked as sent, and keeps its count. A message that fails again can
/// be sent again. A lease on the record prevents two processes from sending it at the same time. If a process is killed between sending and
/// marking, the message is sent twice; every step accepts a redelivery.
/// </summary>
public sealed class Redrive(StorageClients storage, TimeProvider time)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30); // longer than the storage library's retries of a send

    private readonly ResultStore _results = new(storage);
    private readonly QueueSender _sender = new(storage);
    private readonly BlobContainerClient _container = storage.Container(ContainerNames.Results);

    /// <summary>Queues whose messages can be sent back. Steps of jobs are not among them: a failed job is resumed instead.</summary>
    public static IReadOnlyList<string> Queues { get; } =
    [QueueNames.Uploads, QueueNames.Score, QueueNames.ScoreBulk, QueueNames.Scored, QueueNames.Events];

    /// <summary>Lists the records of failed messages, sent back or not.</summary>
    /// <param name="queue">Only of this queue; null for all.</param>
    /// <param name="camera">Only of images of this camera; null for all, including messages that name no image.</param>
    /// <param name="since">Only messages recorded at this time or later; null for all.</param>
    public async IAsyncEnumerable<GivenUp> ListAsync(
        string? queue,
        string? camera,
        DateTimeOffset? since,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        if (!await _container.ExistsAsync(cancellation))
            yield break;
        foreach (string name in queue is null ? Queues : [queue])
        await foreach (
            BlobItem blob in _container.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{BlobNames.Failed}/{name}/" }, cancellation)
        )
            if (
                await _results.ReadFailedAsync(blob.Name, cancellation) is { } message
                && !(message.RecordedAt < since)
                && (camera is null || message.Image is { Length: > 0 } image && ImageName.Of(image).Camera == camera)
            )
                yield return new GivenUp(blob.Name, message);
    }

    /// <summary>Sends a message back, without expiry.</summary>
    /// <param name="blob">Blob name of its record.</param>
    /// <returns>The record after the send; null if the message was already sent, or another process is sending it.</returns>
    public async Task<FailedMessage?> SendAsync(string blob, CancellationToken cancellation = default)
    {
        BlobClient record = _container.GetBlobClient(blob);
        BlobLeaseClient lease = record.GetBlobLeaseClient();
        try
        {
            await lease.AcquireAsync(Lease, cancellationToken: cancellation);
        }
        catch (RequestFailedException e) when (e.Status is 404 or 409)
        {
            return null;
        }

        try
        {
            if (await _results.ReadFailedAsync(blob, cancellation) is not { SentBack: false } message)
                return null;
            await _sender.SendAsync(message.Queue, message.Body, cancellation: cancellation);
            FailedMessage sent = message with { Redriven = message.Redriven + 1, RedrivenAt = time.GetUtcNow(), SentBack = true };
            BlobUploadOptions options = new()
            {
                Conditions = new BlobRequestConditions { LeaseId = lease.LeaseId },
                HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                Metadata = sent.Metadata,
            };
            // No cancellation from here on: the message is already in the queue.
            await record.UploadAsync(
                BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(sent, ResultJson.Default.FailedMessage)),
                options,
                CancellationToken.None
            );
            return sent;
        }
        finally
        {
            await lease.ReleaseAsync(cancellationToken: CancellationToken.None);
        }
    }
}

/// <summary>A failed message and where its record is stored.</summary>
/// <param name="Blob">Blob name of its record in the results container.</param>
/// <param name="Message">The record.</param>
public sealed record GivenUp(string Blob, FailedMessage Message);
