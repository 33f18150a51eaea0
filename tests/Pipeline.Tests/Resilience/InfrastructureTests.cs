using System.Xml;
using AaClip.Pipeline.Resilience;
using AaClip.Tests;
using Azure;
using Azure.Identity;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Resilience;

public class InfrastructureTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly List<TimeSpan> _handedBack = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fault_that_passes_is_waited_for_and_no_message_is_handed_back()
    {
        using Infrastructure infrastructure = New();
        int runs = 0;

        await PassAsync(Run(infrastructure, () => ++runs < 10 ? throw new IOException("The card is away.") : Task.CompletedTask));

        Assert.Equal((10, 0), (runs, _handedBack.Count));
        Assert.Equal(new InfrastructureState(true, 0, null, null), infrastructure.State);
    }

    [Fact]
    public async Task Health_says_so_from_the_third_failure_on_within_ten_seconds_and_names_step_and_reason()
    {
        using Infrastructure infrastructure = New();
        DateTimeOffset began = _time.GetUtcNow();
        bool away = true;
        Task waiting = Run(infrastructure, () => away ? throw new RequestFailedException(503, "Server busy.\nmore") : Task.CompletedTask);
        while (infrastructure.State.Well)
            await StepAsync(TimeSpan.FromMilliseconds(100));

        InfrastructureState state = infrastructure.State;
        TimeSpan after = _time.GetUtcNow() - began;
        away = false;
        await PassAsync(waiting);

        Assert.InRange(after, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        Assert.Equal((1, began), (state.Waiting, state.Since));
        Assert.Equal(
            "Step has failed 3 times in a row; its messages wait and use no delivery attempt. Last error: Server busy.",
            state.Reason
        );
        Assert.True(infrastructure.State.Well);
    }

    [Fact]
    public async Task A_run_that_has_waited_for_minutes_hands_its_message_back_and_ends_well()
    {
        using Infrastructure infrastructure = New();
        DateTimeOffset began = _time.GetUtcNow();

        await PassAsync(Run(infrastructure, () => throw new TimeoutException()));

        Assert.Equal([Infrastructure.LongestWait], _handedBack);
        Assert.InRange(_time.GetUtcNow() - began, Infrastructure.LongestRun, Infrastructure.LongestRun + 2 * Infrastructure.LongestWait);
        Assert.Equal(0, infrastructure.State.Waiting);
    }

    [Fact]
    public async Task Where_not_even_handing_back_works_it_goes_on_waiting()
    {
        using Infrastructure infrastructure = New();
        DateTimeOffset began = _time.GetUtcNow();
        bool away = true;

        Task waiting = infrastructure.RunAsync(
            "Step",
            () => away ? throw new IOException() : Task.CompletedTask,
            (_, _) => throw new IOException(),
            Cancellation
        );
        while (_time.GetUtcNow() - began < 3 * Infrastructure.LongestRun)
            await StepAsync(TimeSpan.FromSeconds(5));
        Assert.False(waiting.IsCompleted);
        away = false;

        await PassAsync(waiting);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_process_or_the_run_is_to_end_what_waits_is_handed_back_at_once(bool process)
    {
        using Infrastructure infrastructure = New();
        using CancellationTokenSource run = new();
        Task waiting = infrastructure.RunAsync("Step", () => throw new IOException(), HandBackAsync, run.Token);
        await Eventually.HappensAsync(() => infrastructure.State.Waiting == 1);

        await (process ? infrastructure.EndAsync() : run.CancelAsync());
        await waiting.WaitAsync(TimeSpan.FromMinutes(1), Cancellation);

        Assert.Equal([Infrastructure.LongestWait], _handedBack); // so that another process takes it
    }

    [Fact]
    public async Task What_comes_while_the_process_ends_is_handed_back_without_a_run()
    {
        using Infrastructure infrastructure = New();
        await infrastructure.EndAsync();
        bool ran = false;

        await Run(infrastructure, () => Task.FromResult(ran = true));

        Assert.Equal((false, 1), (ran, _handedBack.Count));
    }

    [Fact]
    public async Task A_run_that_is_cancelled_without_a_fault_is_not_handed_back()
    {
        using Infrastructure infrastructure = New();
        using CancellationTokenSource run = new();

        Task running = infrastructure.RunAsync("Step", () => Task.Delay(Timeout.Infinite, run.Token), HandBackAsync, run.Token);
        await run.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Empty(_handedBack);
    }

    [Fact]
    public async Task A_fault_of_the_message_is_thrown_at_once_and_health_stays_well()
    {
        using Infrastructure infrastructure = New();

        for (int i = 0; i < 5; i++)
            await Assert.ThrowsAsync<InvalidOperationException>(() =>
                Run(infrastructure, () => throw new InvalidOperationException("A bug."))
            );

        Assert.True(infrastructure.State.Well);
    }

    [Fact]
    public async Task A_fault_that_stays_while_other_messages_get_through_is_the_message_s_own()
    {
        using Infrastructure infrastructure = New();
        Task bad = Run(infrastructure, () => throw new RequestFailedException(500, "This one blob."));
        await Eventually.HappensAsync(() => infrastructure.State.Waiting == 1);
        for (int i = 0; i < 5; i++)
            await Run(infrastructure, () => Task.CompletedTask);

        await Assert.ThrowsAsync<RequestFailedException>(() => PassAsync(bad));
        Assert.Empty(_handedBack);
    }

    [Theory]
    [InlineData(true, "model", "503", "429", "403", "404", "0", "disk", "memory", "timeout", "topic", "identity", "tries", "xml")]
    [InlineData(false, "400", "413", "bug", "cancelled", "mixed")]
    public void Faults_are_told_apart(bool infrastructure, params string[] errors) =>
        Assert.All(errors, e => Assert.Equal(infrastructure, InfrastructureException.Is(Error(e))));

    private static Exception Error(string name) =>
        name switch
        {
            "model" => new InfrastructureException("CUDA failure 700", new InvalidOperationException()),
            "disk" => new IOException("No space left on device"),
            "memory" => new InsufficientMemoryException(), // an OutOfMemoryException
            "timeout" => new TimeoutException(),
            "topic" => new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy),
            "identity" => new CredentialUnavailableException("none"),
            "tries" => new AggregateException(new RequestFailedException(503, ""), new IOException()),
            "mixed" => new AggregateException(new RequestFailedException(503, ""), new FormatException()),
            "bug" => new ArgumentNullException(name),
            "xml" => new XmlException(),
            "cancelled" => new OperationCanceledException(),
            _ => new RequestFailedException(int.Parse(name, System.Globalization.CultureInfo.InvariantCulture), "Refused."),
        };

    private Infrastructure New() => new(_time, NullLogger<Infrastructure>.Instance);

    private Task Run(Infrastructure infrastructure, Func<Task> run) => infrastructure.RunAsync("Step", run, HandBackAsync, Cancellation);

    private Task HandBackAsync(TimeSpan delay, CancellationToken cancellation)
    {
        _handedBack.Add(delay);
        return Task.CompletedTask;
    }

    private async Task PassAsync(Task running)
    {
        while (!running.IsCompleted)
            await StepAsync(TimeSpan.FromSeconds(1));
        await running;
    }

    private async Task StepAsync(TimeSpan time)
    {
        _time.Advance(time);
        await Task.Delay(1, Cancellation); // what waited goes on
    }
}
