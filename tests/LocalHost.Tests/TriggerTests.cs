using Azure.Storage.Queues.Models;

namespace AaClip.LocalHost.Tests;

public class TriggerTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Each_element_of_a_returned_array_is_a_message_of_its_own()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Split"]);

        await host.SendAsync("texts", "one två 3");
        string[] words = await host.TakeAsync("words", 3);
        await host.TrueAsync(async () => await host.CountAsync("texts") == 0, "an empty queue");

        Assert.Equal(["3", "one", "två"], words.Order(StringComparer.Ordinal));
        Assert.Contains("Information: Splitting one två 3", host.Log.All);
    }

    [Fact]
    public async Task What_a_function_sends_never_expires()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Split"]);

        await host.SendAsync("texts", "bread");
        await host.TrueAsync(async () => await host.Queue("words").ExistsAsync() && await host.CountAsync("words") == 1, "a word");
        PeekedMessage word = (await host.Queue("words").PeekMessageAsync(TestContext.Current.CancellationToken)).Value;

        Assert.Equal(9999, word.ExpiresOn?.Year); // how storage writes it
    }

    [Fact]
    public async Task An_object_goes_in_and_out_as_JSON_and_null_sends_nothing()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Weigh"]);

        await host.SendAsync("parcels", """{ "Name": "nothing", "Weight": 0 }""");
        await host.SendAsync("parcels", """{ "Name": "a \"b\"", "Weight": 4 }""");
        string[] weighed = await host.TakeAsync("weighed", 1);
        await host.TrueAsync(async () => await host.CountAsync("parcels") == 0, "an empty queue");

        Assert.Equal("""{"Name":"a \u0022b\u0022","Weight":8}""", Assert.Single(weighed));
        Assert.Equal(0, await host.CountAsync("weighed") - weighed.Length);
    }

    [Fact]
    public async Task A_message_that_fails_every_time_ends_in_the_poison_queue_whose_function_gets_it()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Fail", "GaveUp"]);

        await host.SendAsync("failing", "bread");
        string[] gaveUp = await host.TakeAsync("given-up", 1);
        await host.TrueAsync(async () => await host.CountAsync("failing") + await host.CountAsync("failing-poison") == 0, "empty queues");

        Assert.Equal("bread", Assert.Single(gaveUp));
        Assert.Equal(
            3,
            host.Log.All.Count(line =>
                line.StartsWith("Error: Executed 'Fail' (Failed", StringComparison.Ordinal)
                || line.Contains("Executed 'Functions.Fail' (Failed", StringComparison.Ordinal)
            )
        );
        Assert.Contains(host.Log.All, line => line.Contains("No 'bread' today.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Host_json_applies_and_a_setting_overrides_it()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(
            ["Fail", "GaveUp"],
            options =>
                options with
                {
                    Settings = new Dictionary<string, string?>(options.Settings)
                    {
                        ["AzureFunctionsJobHost__extensions__queues__maxDequeueCount"] = "1",
                    },
                }
        );

        await host.SendAsync("failing", "bread");
        await host.TakeAsync("given-up", 1);

        Assert.Equal(
            1,
            host.Log.All.Count(line =>
                line.Contains("Executed 'Functions.Fail' (Failed", StringComparison.Ordinal)
                || line.StartsWith("Error: Executed 'Fail' (Failed", StringComparison.Ordinal)
            )
        );
    }

    [Fact]
    public async Task A_timer_runs_at_the_start_and_on_its_schedule()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Tick"]);

        string[] ticks = await host.TakeAsync("ticks", 3);

        Assert.All(ticks, tick => Assert.Equal("tick", tick));
    }

    [Fact]
    public async Task The_queue_of_a_trigger_can_be_missing_at_the_start()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Split"]);

        Assert.False(await host.Queue("texts").ExistsAsync(TestContext.Current.CancellationToken));
        await host.SendAsync("texts", "late");

        Assert.Equal(["late"], await host.TakeAsync("words", 1));
    }
}
