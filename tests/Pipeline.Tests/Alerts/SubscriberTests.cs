using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Tests.Results.Counts;
using AaClip.Tests;
using AaClip.Tests.ServiceBus;
using Azure.Messaging.ServiceBus;
using Azure.Storage.Queues;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>samples/subscriber as it is built, run as a child process: reads and settles what the pipeline sends.</summary>
public sealed class SubscriberTests(AzuriteFixture azurite)
{
    private const int EndedByTheUser = 0;

    private static readonly AlertRule Rule = new(CoolDownSeconds: 0, CloseAfterNormal: 1);
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(5);

    private static readonly string[] Lines =
    [
        "aaclip.anomaly.opened line1 minor, image line1/0.png",
        "aaclip.anomaly.updated line1 critical, image line1/1.png",
        "aaclip.anomaly.closed line1 critical, image line1/1.png",
        "aaclip.silence.opened line1 last image 2026-03-01T06:00:02+00:00",
        "aaclip.drift.opened line1 index 0.3",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task From_a_subscription_alerts_are_completed_and_what_is_none_is_given_back_until_it_is_a_dead_letter()
    {
        using ServiceBusPeer peer = new("alerts", "severe");
        PeerSubscription severe = peer.Subscriptions["severe"];
        await using ServiceBusClient client = TopicClient.Open(peer.ConnectionString);
        await client.CreateSender("alerts").SendMessageAsync(new ServiceBusMessage("no alert") { MessageId = "stray" }, Cancellation);
        await RaiseAsync(await azurite.NewAsync(), TopicClient.Sink(client, "alerts"));

        using Subscriber subscriber = new(peer.ConnectionString, "topic", "alerts", "severe");
        await Eventually.HappensAsync(() => severe.Completed.Count == 5 && severe.DeadLettered.Count == 1);
        int code = await subscriber.InterruptAsync();

        Assert.Equal(Lines, subscriber.Output);
        Assert.Equal(peer.Topic.Stored.Select(m => m.Properties.MessageId).Where(id => id != "stray"), severe.Completed);
        Assert.All(severe.Abandoned, id => Assert.Equal("stray", id));
        Assert.Equal(["stray"], severe.DeadLettered);
        Assert.Equal(EndedByTheUser, code);
    }

    [Fact]
    public async Task From_the_queue_alerts_are_deleted_and_what_is_none_stays()
    {
        StorageClients storage = await azurite.NewAsync();
        QueueClient queue = storage.Queue(QueueNames.Alerts);
        await queue.SendMessageAsync(BinaryData.FromString("no alert"), cancellationToken: Cancellation);
        await RaiseAsync(storage, new QueueAlertSink(storage, TimeProvider.System));

        using Subscriber subscriber = new(azurite.ConnectionString, "queue", queue.Name);
        await Eventually.HappensAsync(() => subscriber.Output.Count == 5 && Stray(subscriber) >= 2); // given back, and taken again
        int code = await subscriber.InterruptAsync();

        Assert.Equal(Lines, subscriber.Output.OrderBy(line => Array.IndexOf(Lines, line))); // storage promises no order
        Assert.Equal(1, (await queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
        Assert.Equal(EndedByTheUser, code);
    }

    [Theory]
    [InlineData("", "queue", "alerts")]
    [InlineData("UseDevelopmentStorage=true", "queue")]
    [InlineData("UseDevelopmentStorage=true", "topic", "alerts")]
    public async Task What_is_missing_is_said(string connection, params string[] arguments)
    {
        using Subscriber subscriber = new(connection, arguments);

        int code = await subscriber.EndAsync();

        Assert.Equal(2, code);
        Assert.Contains("Set ALERTS_CONNECTION, and pass", Assert.Single(subscriber.Errors), StringComparison.Ordinal);
    }

    private static int Stray(Subscriber subscriber) =>
        subscriber.Errors.Count(line => line.StartsWith("Message ", StringComparison.Ordinal));

    // Opens, updates and closes an alert, and tells of silence and drift.
    private static async Task RaiseAsync(StorageClients storage, IAlertSink sink)
    {
        AlertStore store = new(storage, TimeProvider.System);
        using AlertRaiser raiser = new(
            store,
            [sink],
            Options.Create(new AlertOptions()),
            TimeProvider.System,
            NullLogger<AlertRaiser>.Instance
        );
        foreach (Scored image in ScoredImages.Sequence("mCn"))
            await raiser.RaiseAsync(image, Rule, Cancellation);
        CameraState silent = new(
            "line1",
            new Silence(ScoredImages.Start.AddSeconds(2), TimeSpan.FromSeconds(1), IsSilent: true),
            ResultRow.Of(CountedResults.Result("line1", "a.png", ScoredImages.Start)),
            Psi: 0.3
        );
        DateTimeOffset later = ScoredImages.Start.AddHours(1);
        CameraLook look = new(silent, "demo@1", later, later);
        await raiser.RecordAsync("line1", state => ConditionMachine.Apply(state, "line1", Rule, look), Cancellation);
        await raiser.SweepAsync(Cancellation);
    }

    private sealed class Subscriber : IDisposable
    {
        private readonly Process _process;
        private readonly ConcurrentQueue<string> _output = [],
            _errors = [];

        public Subscriber(string connection, params string[] arguments)
        {
            // artifacts/bin/Pipeline.Tests/<configuration>/
            string configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
            string program = Path.Combine(Parity.RepositoryRoot, "artifacts", "bin", "Subscriber", configuration, "AaClip.Subscriber");
            ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["ALERTS_CONNECTION"] = connection;
            _process = Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start.");
            _process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
            _process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data);
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        public IReadOnlyList<string> Output => [.. _output];

        public IReadOnlyList<string> Errors => [.. _errors];

        /// <summary>As Ctrl-C.</summary>
        public async Task<int> InterruptAsync()
        {
            using Process kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync(Cancellation);
            return await EndAsync();
        }

        public async Task<int> EndAsync()
        {
            await _process.WaitForExitAsync(Cancellation).WaitAsync(Hang, Cancellation);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.Dispose();
        }

        private static void Keep(ConcurrentQueue<string> lines, string? line)
        {
            if (line is not null)
                lines.Enqueue(line);
        }
    }
}
