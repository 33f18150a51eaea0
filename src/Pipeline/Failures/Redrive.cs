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
/// Sends messages that were given up on back to their queues, each once: a record that was sent is marked, and stays with its count. What
/// is given up on again may be sent again. Two that send at the same time exclude each other by a lease on the record; if one is killed
/// between sending and marking, the message comes a second time, as any message may.
/// </summary>
public sealed class Redrive(StorageClients storage, TimeProvider time)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30); // longer than the storage library tries to send

    private readonly ResultStore _results = new(storage);
    private readonly QueueSender _sender = new(storage);
    private readonly BlobContainerClient _container = storage.Container(ContainerNames.Results);

    /// <summary>Queues whose messages can be sent back. A step of a job is none of them: a failed job is resumed.</summary>
    public static IReadOnlyList<string> Queues { get; } = [QueueNames.Uploads, QueueNames.Score, QueueNames.ScoreBulk, QueueNames.Scored];

    /// <summary>The records of messages, sent back or not.</summary>
    /// <param name="queue">Only of this queue; null for all.</param>
    /// <param name="camera">Only of images of this camera; null for all, also those that name no image.</param>
    /// <param name="since">Only those that were given up on since; null for all.</param>
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

    /// <summary>Sends a message back, with no time to live.</summary>
    /// <param name="blob">Name of its record.</param>
    /// <returns>The record as it is then; null when the message was sent already, or somebody else is sending it.</returns>
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
            // Not to be cancelled any more: the message is in the queue.
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

/// <summary>A message that was given up on.</summary>
/// <param name="Blob">Name of its record in the results container.</param>
/// <param name="Message">The record.</param>
public sealed record GivenUp(string Blob, FailedMessage Message);
