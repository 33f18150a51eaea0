using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Tests.Routing;

public class CameraProfilesTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_file_every_camera_has_the_default_profile_and_health_says_so()
    {
        (CameraProfiles profiles, _) = await NewAsync();

        CameraSet cameras = await profiles.GetAsync(Cancellation);

        Assert.Equal("object", cameras.Find("anything")?.Class);
        Assert.Contains(
            "config/cameras.json is absent: every camera has the default profile",
            profiles.State?.InForce,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_changed_file_is_in_force_at_the_next_look()
    {
        (CameraProfiles profiles, BlobClient blob) = await NewAsync();
        await Put(blob, """{ "schemaVersion": 1, "cameras": { "*": { "class": "bottle" } } }""");
        string? first = (await profiles.GetAsync(Cancellation)).Find("c")?.Class;

        await Put(blob, """{ "schemaVersion": 1, "cameras": { "*": { "class": "screw" } } }""");
        string? second = (await profiles.GetAsync(Cancellation)).Find("c")?.Class;

        Assert.Equal(("bottle", "screw"), (first, second));
        Assert.Null(profiles.State?.Error);
    }

    [Fact]
    public async Task An_unchanged_file_is_not_read_again()
    {
        (CameraProfiles profiles, BlobClient blob) = await NewAsync();
        await Put(blob, """{ "schemaVersion": 1, "cameras": { "*": { "class": "bottle" } } }""");

        CameraSet first = await profiles.GetAsync(Cancellation);
        CameraSet second = await profiles.GetAsync(Cancellation);

        Assert.Same(first, second);
    }

    [Fact]
    public async Task Between_two_looks_the_file_is_not_asked_for()
    {
        (CameraProfiles profiles, BlobClient blob) = await NewAsync(refreshSeconds: 3600);
        await profiles.GetAsync(Cancellation);

        await Put(blob, """{ "schemaVersion": 1, "cameras": { "*": { "class": "bottle" } } }""");

        Assert.Equal("object", (await profiles.GetAsync(Cancellation)).Find("c")?.Class);
    }

    [Fact]
    public async Task A_broken_file_leaves_the_last_good_one_in_force_until_it_is_mended()
    {
        (CameraProfiles profiles, BlobClient blob) = await NewAsync();
        await Put(blob, """{ "schemaVersion": 1, "cameras": { "*": { "class": "bottle" } } }""");
        await profiles.GetAsync(Cancellation);

        await Put(blob, """{ "schemaVersion": 1, "cameras": { "*": { "threshold": 7 } } }""");
        string? broken = (await profiles.GetAsync(Cancellation)).Find("c")?.Class;
        string? error = profiles.State?.Error;
        await Put(blob, """{ "schemaVersion": 1, "cameras": { "*": { "class": "screw" } } }""");
        string? mended = (await profiles.GetAsync(Cancellation)).Find("c")?.Class;

        Assert.Equal(("bottle", "screw"), (broken, mended));
        Assert.Contains("Camera '*' in config/cameras.json: 'threshold' is 7", error, StringComparison.Ordinal);
        Assert.Null(profiles.State?.Error);
    }

    [Fact]
    public async Task A_file_broken_from_the_start_is_waited_for_and_is_told()
    {
        (CameraProfiles profiles, BlobClient blob) = await NewAsync(refreshSeconds: 3600);
        await Put(blob, "{");

        InfrastructureException broken = await Assert.ThrowsAsync<InfrastructureException>(() => profiles.GetAsync(Cancellation));
        CamerasState? state = profiles.State;
        await Put(blob, """{ "schemaVersion": 1, "cameras": { "*": { "class": "bottle" } } }""");
        CameraSet mended = await profiles.GetAsync(Cancellation);

        Assert.Contains("is not JSON", broken.Message, StringComparison.Ordinal);
        Assert.Equal((true, broken.Message), (state?.Waiting, state?.Error));
        Assert.Equal("bottle", mended.Find("c")?.Class);
        Assert.Equal((false, null), (profiles.State?.Waiting, profiles.State?.Error));
    }

    [Fact]
    public async Task A_removed_file_brings_the_default_back()
    {
        (CameraProfiles profiles, BlobClient blob) = await NewAsync();
        await Put(blob, """{ "schemaVersion": 1, "cameras": { "*": { "class": "bottle" } } }""");
        await profiles.GetAsync(Cancellation);

        await blob.DeleteAsync(cancellationToken: Cancellation);

        Assert.Equal("object", (await profiles.GetAsync(Cancellation)).Find("c")?.Class);
    }

    private async Task<(CameraProfiles Profiles, BlobClient Blob)> NewAsync(double refreshSeconds = 0)
    {
        StorageClients storage = await azurite.NewAsync();
        CameraProfiles profiles = new(
            storage,
            Options.Create(new CamerasOptions { RefreshSeconds = refreshSeconds }),
            TimeProvider.System,
            NullLogger<CameraProfiles>.Instance
        );
        return (profiles, storage.Container(ContainerNames.Config).GetBlobClient(CameraProfiles.Blob));
    }

    private static async Task Put(BlobClient blob, string json) =>
        await blob.UploadAsync(BinaryData.FromString(json), overwrite: true, Cancellation);
}
