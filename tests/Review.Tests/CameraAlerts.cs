using AaClip.Pipeline.Storage;
using Azure.Storage.Blobs.Models;

namespace AaClip.Review.Tests;

/// <summary>Alerts about cameras, as the pipeline stores them.</summary>
internal static class CameraAlerts
{
    /// <summary>Stores the state of a camera that is silent and whose scores drift.</summary>
    public static Task StoreAsync(StorageClients storage, string camera, string silence, string drift) =>
        storage
            .Container(ContainerNames.State)
            .GetBlobClient($"alerts/{camera}.json")
            .UploadAsync(
                BinaryData.FromString(
                    $$"""
                    {
                      "schemaVersion": 1, "recent": [], "outbox": [],
                      "silence": {
                        "id": "{{silence}}", "openedAt": "2026-11-26T12:10:30+00:00", "sequence": 1,
                        "silence": { "lastImageAt": "2026-11-26T12:00:00+00:00", "limitSeconds": 600 }
                      },
                      "drift": {
                        "id": "{{drift}}", "openedAt": "2026-11-26T08:00:00+00:00", "sequence": 1,
                        "drift": { "model": "demo@seed", "psi": 0.3125 }
                      }
                    }
                    """
                ),
                new BlobUploadOptions
                {
                    Metadata = new Dictionary<string, string>
                    {
                        ["camera"] = camera,
                        ["silence"] = silence,
                        ["drift"] = drift,
                    },
                },
                TestContext.Current.CancellationToken
            );
}
