using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Operations;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Tests.Alerts;
using AaClip.Tests;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Operations;

public class AlertFollowerTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // downstream has taken the events: the state of the camera tells
    public async Task Silence_is_reported_once_when_it_begins_and_once_when_it_ends(bool taken)
    {
        StorageClients storage = await azurite.NewAsync();
        FakeTimeProvider time = new(Noon);
        await WatchedCameras.SendsUntilAsync(storage, "line1", Noon);
        using WatchedCameras worker = new(storage, time);
        AlertFollower follower = new(storage, null);

        IReadOnlyList<SeenAlert> none = await follower.LookAsync(Cancellation);
        time.Advance(TimeSpan.FromMinutes(11));
        IReadOnlyList<SeenAlert> begins = await LookAsync();
        IReadOnlyList<SeenAlert> again = await follower.LookAsync(Cancellation);
        await WatchedCameras.SendsUntilAsync(storage, "line1", time.GetUtcNow(), images: 1);
        time.Advance(TimeSpan.FromMinutes(1));
        IReadOnlyList<SeenAlert> ends = await LookAsync();

        Assert.Equal((0, 0), (none.Count, again.Count));
        SeenAlert opened = Assert.Single(begins),
            closed = Assert.Single(ends);
        Assert.Equal((AlertKind.Silence, "opened", "line1", null), (opened.Kind, opened.Change, opened.Camera, opened.Image));
        Assert.Equal(Noon.AddMinutes(11), opened.Time);
        Assert.Equal((AlertKind.Silence, "closed", opened.AlertId), (closed.Kind, closed.Change, closed.AlertId));
        Assert.Equal($"{opened.AlertId}-2-closed", closed.Id);

        async Task<IReadOnlyList<SeenAlert>> LookAsync()
        {
            await worker.RunAsync();
            if (taken)
                await WatchedCameras.TakeAsync(storage);
            return await follower.LookAsync(Cancellation);
        }
    }
}
