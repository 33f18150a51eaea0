using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Polly;
using Polly.Retry;

namespace AaClip.Pipeline.Storage;

/// <summary>
/// A JSON document in a blob that several workers change, each under the ETag that it read. A client repeats a write whose answer was lost
/// and is then refused by its own first write; so after a refusal the blob is read again and compared: if it holds what was to be written,
/// it was written. Documents must differ from writer to writer, such as by a time or an id of the worker.
/// </summary>
/// <param name="blob">The blob.</param>
/// <param name="type">How the document is written.</param>
/// <param name="what">What it is, for messages: "a state of alerts".</param>
public sealed class VersionedBlob<T>(
    BlobClient blob,
    JsonTypeInfo<T> type,
    string what,
    TimeProvider time,
    Func<T, IDictionary<string, string>?>? metadata = null
)
    where T : class
{
    /// <summary>Tries of <see cref="ChangeAsync"/> while other workers are faster.</summary>
    public const int Tries = 12;

    /// <summary>Reads the document.</summary>
    /// <returns>Null where there is none.</returns>
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
                $"'{blob.BlobContainerName}/{blob.Name}' is not {what}: {e.Message} Repair the blob, or delete it to start afresh.",
                e
            );
        }
    }

    /// <summary>Writes the document unless it has changed since it was read.</summary>
    /// <param name="seen">Null where it must not be there yet.</param>
    /// <returns>False when another worker has changed it.</returns>
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
    /// Changes the document. When another worker was faster, waits a little, reads again and lets <paramref name="change"/> decide again;
    /// where it gives back what it got, nothing is written. Where an answer was lost and another worker wrote before it was asked for
    /// again, a change that was written is decided once more: it must find itself in what is there, as by a step, a time or an id.
    /// </summary>
    /// <param name="change">Gets null where there is no document.</param>
    /// <returns>The document as it is stored now; null where there still is none.</returns>
    /// <exception cref="InvalidDataException">The blob holds something else, or a document of a newer program.</exception>
    /// <exception cref="IOException">Other workers were faster each time; a later attempt may succeed.</exception>
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
                    UseJitter = true, // so that two workers do not keep step
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
                $"'{blob.BlobContainerName}/{blob.Name}' was changed by other workers {Tries} times in a row: it is tried again "
                    + $"later; if this stays, let fewer workers change it."
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

/// <summary>A document as it was read.</summary>
/// <param name="Document">The document.</param>
/// <param name="ETag">Its version.</param>
public sealed record Versioned<T>(T Document, ETag ETag);
