using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Polly;
using Polly.Retry;

namespace AaClip.Pipeline.Storage;

/// <summary>
/// A JSON document in a blob that several workers change, each under the ETag that it read. If the response to a write is lost, the client
/// library repeats the write, and storage rejects it (412) because the first write changed the ETag. So after a 409 or 412 the blob is read
/// and compared: if it holds the document, the write has succeeded. Documents of different writers must differ, for example by a time or a
/// worker's id.
/// </summary>
/// <param name="blob">The blob.</param>
/// <param name="type">JSON type information of the document.</param>
/// <param name="what">Name of the document in error messages, such as "a state of alerts".</param>
public sealed class VersionedBlob<T>(
    BlobClient blob,
    JsonTypeInfo<T> type,
    string what,
    TimeProvider time,
    Func<T, IDictionary<string, string>?>? metadata = null
)
    where T : class
{
    /// <summary>Maximum attempts of <see cref="ChangeAsync"/> when other workers change the blob at the same time.</summary>
    public const int Tries = 12;

    /// <summary>Reads the document.</summary>
    /// <returns>Null if the blob does not exist.</returns>
    /// <exception cref="InvalidDataException">The blob holds something else, or a document of a newer program.</exception>
    public async Task<Versioned<T>?> ReadAsync(CancellationToken cancellation = default)
    {
        BlobDownloadResult found;
        try
        {
            found = (await blob.DownloadContentAsync(cancellation)).Value;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }

        try
        {
            return new Versioned<T>(
                JsonSerializer.Deserialize(found.Content.ToMemory().Span, type) ?? throw new JsonException("It is null."),
                found.Details.ETag
            );
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"'{blob.BlobContainerName}/{blob.Name}' is not {what}: {e.Message} Repair the blob, or delete it to start without one.",
                e
            );
        }
    }

    /// <summary>Writes the document unless it has changed since it was read.</summary>
    /// <param name="seen">ETag that was read; null if the blob must not exist yet.</param>
    /// <returns>False if another worker has changed the blob.</returns>
    public async Task<bool> TryWriteAsync(T document, ETag? seen, CancellationToken cancellation = default)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(document, type);
        try
        {
            await blob.UploadAsync(
                BinaryData.FromBytes(json),
                new BlobUploadOptions
                {
                    Conditions = seen is null
                        ? new BlobRequestConditions { IfNoneMatch = ETag.All }
                        : new BlobRequestConditions { IfMatch = seen },
                    HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                    Metadata = metadata?.Invoke(document),
                },
                cancellation
            );
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            return await HoldsAsync(json, cancellation);
        }
    }

    /// <summary>
    /// Changes the document. If another worker changed the blob meanwhile, waits with back-off, reads it again and calls
    /// <paramref name="change"/> again. If <paramref name="change"/> returns its argument, nothing is written. It can be called again after
    /// its change was written (if the response was lost, and another worker then wrote): it must recognize its own change in the document,
    /// for example by a step, a time or an id.
    /// </summary>
    /// <param name="change">Gets the current document, or null if there is none.</param>
    /// <returns>The document as it is stored now; null if there is still none.</returns>
    /// <exception cref="InvalidDataException">The blob holds something else, or a document of a newer program.</exception>
    /// <exception cref="IOException">Other workers changed the blob at every attempt; a later call may succeed.</exception>
    public async Task<T?> ChangeAsync(Func<T?, T?> change, CancellationToken cancellation = default)
    {
        ResiliencePipeline<Outcome> tries = new ResiliencePipelineBuilder<Outcome> { TimeProvider = time }
            .AddRetry(
                new RetryStrategyOptions<Outcome>
                {
                    MaxRetryAttempts = Tries - 1,
                    BackoffType = DelayBackoffType.Exponential,
                    Delay = TimeSpan.FromMilliseconds(10),
                    MaxDelay = TimeSpan.FromMilliseconds(500),
                    UseJitter = true, // so that two workers do not retry at the same times
                    ShouldHandle = tried => ValueTask.FromResult(tried.Outcome.Exception is null && !tried.Outcome.Result.Stands),
                }
            )
            .Build();
        Outcome last = await tries.ExecuteAsync(
            async token =>
            {
                Versioned<T>? before = await ReadAsync(token);
                T? after = change(before?.Document);
                bool same = ReferenceEquals(before?.Document, after);
                return new Outcome(after, same || after is not null && await TryWriteAsync(after, before?.ETag, token));
            },
            cancellation
        );
        return last.Stands
            ? last.Document
            : throw new IOException(
                $"'{blob.BlobContainerName}/{blob.Name}' was changed by other workers at each of {Tries} attempts: retry later; "
                    + $"if this error persists, use fewer workers."
            );
    }

    private async Task<bool> HoldsAsync(byte[] json, CancellationToken cancellation)
    {
        try
        {
            return (await blob.DownloadContentAsync(cancellation)).Value.Content.ToMemory().Span.SequenceEqual(json);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return false;
        }
    }

    private readonly record struct Outcome(T? Document, bool Stands);
}

/// <summary>A document, and the version of its blob.</summary>
/// <param name="Document">The document that was read.</param>
/// <param name="ETag">ETag of the blob.</param>
public sealed record Versioned<T>(T Document, ETag ETag);
