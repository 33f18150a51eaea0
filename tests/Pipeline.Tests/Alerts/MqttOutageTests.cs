using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Routing;
using AaClip.Tests;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>A broker that is away costs time, and no alert.</summary>
public sealed class MqttOutageTests(AzuriteFixture azurite) : IDisposable
{
    private const string Password = "a-password-of-a-broker";

    private static readonly AlertRule Rule = new(CoolDownSeconds: 0, CloseAfterNormal: 2);

    private readonly LogLines _log = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _log.Dispose();

    /// <summary>Takes about 10 s: all attempts.</summary>
    [Fact]
    public async Task A_broker_that_was_away_gets_its_events_from_the_sweep_and_no_log_holds_the_password()
    {
        await using MqttBroker broker = await MqttBroker.StartAsync(password: Password);
        await broker.GoAwayAsync();
        AlertStore store = new(await azurite.NewAsync(), TimeProvider.System);
        MemorySink queue = new("queue");
        AlertOptions options = new()
        {
            Mqtt = broker.Address,
            MqttUser = "line",
            MqttPassword = Password,
        };
        using MqttAlertSink mqtt = new(Options.Create(options), TimeProvider.System);
        using LoggerFactory logs = new([_log]);
        using AlertRaiser raiser = new(store, [queue, mqtt], Options.Create(options), TimeProvider.System, new Logger<AlertRaiser>(logs));

        await Assert.ThrowsAsync<IOException>(() => raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation));
        await raiser.RaiseAsync(ScoredImages.At(1, 0.2), Rule, Cancellation); // another image: what is left is logged
        await broker.ComeBackAsync();
        OutboxState? after = await raiser.SweepAsync(Cancellation);

        Assert.Null(after);
        Assert.Equal(queue.Received, broker.Ids);
        Assert.Contains(
            _log.All,
            line => line.Contains($"The MQTT broker {broker.Address} could not be reached", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(_log.All, line => line.Contains(Password, StringComparison.Ordinal));
    }
}
