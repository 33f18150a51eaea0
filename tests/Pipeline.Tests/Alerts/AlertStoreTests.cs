using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Alerts;

public sealed class AlertStoreTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_camera_has_the_blob_that_it_always_had()
    {
        string camera = new('c', 250);

        Assert.Equal("alerts/Halle%202%20%C3%A4.json", AlertStore.BlobName("Halle 2 ä"));
        Assert.Equal($"alerts/{camera[..100]}~b31bdc6c1e222c18312c98cdaf932c3b.json", AlertStore.BlobName(camera));
    }

    [Fact]
    public async Task A_state_comes_back_as_it_was_stored()
    {
        AlertStore store = new(await azurite.NewAsync(), TimeProvider.System);
        AlertState state = AlertMachine
            .Apply(
                AlertMachine.Apply(AlertState.Empty, new AlertRule(), ScoredImages.At(0, 0.95)).State,
                new AlertRule(),
                ScoredImages.At(1, 0.2)
            )
            .State;

        await store.ChangeAsync("line1", _ => state, Cancellation);
        AlertState read = await store.GetAsync("line1", Cancellation);

        Assert.Equal(state.Recent, read.Recent);
        Assert.Equal(state.Open, read.Open);
        Assert.Equal(state.Outbox.Select(p => p.Change), read.Outbox.Select(p => p.Change));
    }

    [Fact]
    public async Task A_worker_that_was_overtaken_decides_again_on_the_newer_state()
    {
        AlertStore store = new(await azurite.NewAsync(), TimeProvider.System);
        int decisions = 0;

        await store.ChangeAsync(
            "line1",
            before =>
            {
                if (decisions++ == 0)
                    store.ChangeAsync("line1", s => Add(s, "other"), Cancellation).GetAwaiter().GetResult();
                return Add(before, "own");
            },
            Cancellation
        );

        Assert.Equal(2, decisions);
        Assert.Equal(["other", "own"], (await store.GetAsync("line1", Cancellation)).Recent.Select(o => o.Id));
    }

    [Fact]
    public async Task A_worker_that_is_overtaken_each_time_gives_up_with_the_blob_s_name()
    {
        AlertStore store = new(await azurite.NewAsync(), TimeProvider.System);

        IOException failure = await Assert.ThrowsAsync<IOException>(() =>
            store.ChangeAsync(
                "line1",
                before =>
                {
                    store.ChangeAsync("line1", s => Add(s, "other"), Cancellation).GetAwaiter().GetResult();
                    return Add(before, "own");
                },
                Cancellation
            )
        );

        Assert.Contains("alerts/line1.json", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("own", (await store.GetAsync("line1", Cancellation)).Recent.Select(o => o.Id));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"schemaVersion":2}""")]
    public async Task A_blob_that_is_no_state_is_refused_with_its_name_and_a_remedy(string content)
    {
        StorageClients storage = await azurite.NewAsync();
        await storage.Container(ContainerNames.State).UploadBlobAsync("alerts/line1.json", BinaryData.FromString(content), Cancellation);

        InvalidDataException refused = await Assert.ThrowsAsync<InvalidDataException>(() =>
            new AlertStore(storage, TimeProvider.System).GetAsync("line1", Cancellation)
        );

        Assert.Contains("alerts/line1.json", refused.Message, StringComparison.Ordinal);
        Assert.Contains("delete it to start without one", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cameras_with_long_names_have_blobs_of_their_own()
    {
        AlertStore store = new(await azurite.NewAsync(), TimeProvider.System);
        string stem = new('ä', 500);

        await store.ChangeAsync(stem + "1", s => Add(s, "first"), Cancellation);
        await store.ChangeAsync(stem + "2", s => Add(s, "second"), Cancellation);

        Assert.Equal("first", Assert.Single((await store.GetAsync(stem + "1", Cancellation)).Recent).Id);
    }

    private static AlertState Add(AlertState state, string id) =>
        state with
        {
            Recent = [.. state.Recent, new Observation(id, ScoredImages.Start, false, 0)],
        };
}
