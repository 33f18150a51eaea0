using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace AaClip.LocalHost.Tests;

public sealed class SettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("settings-").FullName;

    [Fact]
    public void The_file_wins_over_nothing_the_environment_over_the_file_and_the_caller_over_both()
    {
        string suffix = Guid.NewGuid().ToString("N");
        Write("local.settings.json", $$"""{ "IsEncrypted": false, "Values": { "A{{suffix}}": "file", "B{{suffix}}": "file", "C{{suffix}}": "file", "Model__Threads": 3, /* note */ } }""");
        Environment.SetEnvironmentVariable("B" + suffix, "environment");
        Environment.SetEnvironmentVariable("C" + suffix, "environment");

        using ConfigurationManager settings = Settings.Load(Options(new() { ["C" + suffix] = "caller", ["Alert__Topic"] = "alerts" }));

        Assert.Equal("file", settings["A" + suffix]);
        Assert.Equal("environment", settings["B" + suffix]);
        Assert.Equal("caller", settings["C" + suffix]);
        Assert.Equal("3", settings["Model:Threads"]);
        Assert.Equal("alerts", settings["Alert:Topic"]);
    }

    [Fact]
    public void The_sample_counts_where_there_is_no_file_of_one_s_own()
    {
        Write("local.settings.sample.json", """{ "Values": { "Only__Here": "sample" } }""");

        using ConfigurationManager sample = Settings.Load(Options());
        Write("local.settings.json", """{ "Values": { "Only__Here": "own" } }""");
        using ConfigurationManager own = Settings.Load(Options());

        Assert.Equal("sample", sample["Only:Here"]);
        Assert.Equal("own", own["Only:Here"]);
    }

    [Fact]
    public void The_sample_of_the_repository_can_be_read()
    {
        using ConfigurationManager settings = Settings.Load(Options() with { SettingsFile = Path.Combine(AaClip.Tests.Parity.RepositoryRoot, "local.settings.sample.json") });

        Assert.NotNull(settings["AzureWebJobsStorage"]);
        Assert.NotNull(settings["Batching:MaxSize"]);
    }

    [Theory]
    [InlineData("{ broken", "cannot be read")]
    [InlineData("""{ "Values": { "Model": { "Threads": 1 } } }""", "write text, and sections as \"Section__Name\"")]
    public void A_broken_file_is_named(string text, string reason)
    {
        Write("local.settings.json", text);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Settings.Load(Options()));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains(_folder, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_file_that_is_absent_is_an_error()
    {
        FileNotFoundException absent = Assert.Throws<FileNotFoundException>(() => Settings.Load(Options() with { SettingsFile = Path.Combine(_folder, "no", "mine.json") }));

        Assert.Contains("mine.json", absent.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_setting_between_percent_signs_is_filled_in_and_a_missing_one_named()
    {
        using ConfigurationManager settings = Settings.Load(Options(new() { ["Queue__Name"] = "score" }));

        Assert.Equal("score-bulk", Settings.Resolve("%Queue__Name%-bulk", settings));
        Assert.Contains("'Nowhere'", Assert.Throws<InvalidOperationException>(() => Settings.Resolve("%Nowhere%", settings)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Host_json_has_the_defaults_of_the_Functions_host()
    {
        HostJson host = HostJson.Load(_folder);

        Assert.Equal(("api", 16, 8 * Environment.ProcessorCount, 5, true), (host.RoutePrefix, host.BatchSize, host.NewBatchThreshold, host.MaxDequeueCount, host.Base64));
        Assert.Equal((TimeSpan.Zero, TimeSpan.FromMinutes(1)), (host.VisibilityTimeout, host.MaxPollingInterval));
    }

    [Fact]
    public void Host_json_is_honoured()
    {
        Write("host.json", """{ "version": "2.0", /* note */ "extensions": { "queues": { "batchSize": 32, "maxDequeueCount": 2, "visibilityTimeout": "00:00:30", "maxPollingInterval": "00:00:02", "messageEncoding": "none" } } }""");

        HostJson host = HostJson.Load(_folder);

        Assert.Equal((32, 16 * Environment.ProcessorCount, 2, false), (host.BatchSize, host.NewBatchThreshold, host.MaxDequeueCount, host.Base64));
        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(2)), (host.VisibilityTimeout, host.MaxPollingInterval));
    }

    [Theory]
    [InlineData("""{ "extensions": { "queues": { "batchSize": 33 } } }""", "extensions.queues.batchSize", "'33', expected a whole number from 1 to 32")]
    [InlineData("""{ "extensions": { "queues": { "maxPollingInterval": "00:00:00.010" } } }""", "maxPollingInterval", "00:00:00.1")]
    [InlineData("""{ "extensions": { "queues": { "messageEncoding": "hex" } } }""", "messageEncoding", "\"base64\" or \"none\"")]
    [InlineData("{ broken", "host.json", "not JSON")]
    public void A_value_out_of_its_range_is_named(string text, string name, string reason)
    {
        Write("host.json", text);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => HostJson.Load(_folder));

        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    private LocalHostOptions Options(Dictionary<string, string?>? settings = null) =>
        new() { Functions = Assembly.GetExecutingAssembly(), ScriptRoot = _folder, Settings = settings ?? [] };
}
