using System.Diagnostics;

namespace AaClip.LocalHost.Tests;

public class WorkerTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_that_is_killed_is_started_again_and_its_message_comes_back_at_once()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Wait", "Greet"], options => options with { Lease = TimeSpan.FromMinutes(9) });
        int first = host.Host.WorkerProcess;
        await host.SendAsync("waits", "3000");
        await host.LoggedAsync("Waiting 3000");

        Kill(first);
        string[] waited = await host.TakeAsync("waited", 1); // long before the lease would end

        Assert.Equal(["3000"], waited);
        Assert.NotEqual(first, host.Host.WorkerProcess);
        Assert.Contains(host.Log.All, line => line.StartsWith("Error: The worker process ended by signal 9.", StringComparison.Ordinal));
        using HttpClient http = new();
        Assert.StartsWith(
            "Hello again",
            await http.GetStringAsync(new Uri($"{host.Host.Url}/api/greet/again"), Cancellation),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_message_that_kills_the_worker_every_time_is_given_up_on()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Wait"]);
        await host.SendAsync("waits", "60000");

        for (int death = 1; death <= 3; death++)
        {
            int runs = death;
            await host.TrueAsync(
                () => Task.FromResult(host.Log.All.Count(line => line.EndsWith("Waiting 60000", StringComparison.Ordinal)) >= runs),
                $"run {death}"
            );
            Kill(host.Host.WorkerProcess);
        }

        Assert.Equal(["60000"], await host.TakeAsync("waits-poison", 1));
        await host.TrueAsync(async () => await host.CountAsync("waits") == 0, "an empty queue");
    }

    [Fact]
    public async Task Work_longer_than_a_lease_is_done_once()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Wait"], options => options with { Lease = TimeSpan.FromSeconds(9) });

        await host.SendAsync("waits", "20000");
        string[] waited = await host.TakeAsync("waited", 1);
        await host.TrueAsync(async () => await host.CountAsync("waits") == 0, "an empty queue");

        Assert.Single(waited);
        Assert.Equal(1, host.Log.All.Count(line => line.EndsWith("Waiting 20000", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Ctrl_C_of_a_terminal_does_not_reach_the_worker()
    {
        if (!Directory.Exists("/proc/self"))
            Assert.Skip("There is no /proc here.");
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Wait"]);

        // A terminal sends it to every process of its foreground process group: the worker leads a group of its own.
        string stat = await File.ReadAllTextAsync($"/proc/{host.Host.WorkerProcess}/stat", Cancellation);
        Assert.Equal(
            host.Host.WorkerProcess,
            int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture)
        ); // state, parent, group
    }

    [Fact]
    public async Task A_stop_lets_running_work_finish_and_ends_the_worker()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Wait"]);
        int worker = host.Host.WorkerProcess;
        await host.SendAsync("waits", "1500");
        await host.LoggedAsync("Waiting 1500");

        await host.Host.StopAsync(Cancellation);

        Assert.Equal(["1500"], await host.TakeAsync("waited", 1));
        Assert.Equal(0, await host.CountAsync("waits"));
        Assert.False(Runs(worker));
    }

    [Fact]
    public async Task A_stop_at_once_ends_running_work_and_its_message_is_delivered_again()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Wait"], options => options with { Lease = TimeSpan.FromSeconds(3) });
        int worker = host.Host.WorkerProcess;
        await host.SendAsync("waits", "900000");
        await host.LoggedAsync("Waiting 900000");
        long start = Stopwatch.GetTimestamp();

        await host.Host.StopAsync(new CancellationToken(canceled: true));

        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(5));
        Assert.False(Runs(worker));
        await host.TrueAsync(
            async () => (await host.Queue("waits").PeekMessagesAsync(1, Cancellation)).Value.Length == 1,
            "the message to be seen again"
        );
        Assert.Equal(1, await host.CountAsync("waits"));
    }

    [Fact]
    public async Task A_worker_that_cannot_start_is_an_error_with_its_last_output()
    {
        await using TestHost host = new(azurite.NewAccount());

        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            host.StartAsync(
                ["Greet"],
                options =>
                    options with
                    {
                        Settings = new Dictionary<string, string?>(options.Settings) { ["Sample__Refuse"] = "the model is not there" },
                    }
            )
        );

        Assert.Contains("the model is not there", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_a_function_app_is_named()
    {
        await using TestHost host = new(azurite.NewAccount());

        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            host.StartAsync([], options => options with { Functions = Path.GetTempPath() })
        );

        Assert.Contains(Path.GetTempPath().TrimEnd('/'), refused.Message, StringComparison.Ordinal);
        Assert.Contains("functions.metadata", refused.Message, StringComparison.Ordinal);
        Assert.Contains("make build", refused.Message, StringComparison.Ordinal);
    }

    private static void Kill(int id)
    {
        using Process process = Process.GetProcessById(id);
        process.Kill();
    }

    private static bool Runs(int id)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
