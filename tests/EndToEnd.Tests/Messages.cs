using System.Text.Json;
using AaClip.Pipeline.Contracts;

namespace AaClip.EndToEnd.Tests;

/// <summary>Messages as text, as they are in the queues.</summary>
internal static class Messages
{
    /// <summary>A storage event.</summary>
    public static string Upload(string image, string etag) =>
        JsonSerializer.Serialize(
            new BlobCreated
            {
                Id = "1",
                Container = "images",
                Name = image,
                ETag = etag,
                Bytes = 1,
                Time = TimeProvider.System.GetUtcNow(),
            }
        );

    /// <summary>A request to score.</summary>
    public static string Score(string image, string etag, string? model = null) =>
        JsonSerializer.Serialize(
            new ScoreRequested
            {
                Image = image,
                ETag = etag,
                Camera = image.Split('/')[0],
                ObjectClass = "object",
                Model = model,
                EnqueuedAt = TimeProvider.System.GetUtcNow(),
            },
            JsonSerializerOptions.Web
        );
}
