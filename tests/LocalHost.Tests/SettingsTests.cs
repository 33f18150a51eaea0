using Microsoft.Extensions.Configuration;

namespace AaClip.LocalHost.Tests;

public sealed class SettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("settings-").FullName;

    [Fact]
    public void The_environment_overrides_the_file_and_the_caller_overrides_both()
    {
        string suffix = Guid.NewGuid().ToString("N");
        Write(
            "local.settings.json",
            $$"""
            { "IsEncrypted": false, "Values": { "A{{suffix}}": "file", "B{{suffix}}": "file", "C{{suffix}}": "file",
              "Model__Threads": 3, /* note */ } }
            """
        );
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
    public void The_sample_is_used_only_where_there_is_no_settings_file()
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
        using ConfigurationManager settings = Settings.Load(
            Options() with
            {
                SettingsFile = Path.Combine(AaClip.Tests.Parity.RepositoryRoot, "local.settings.sample.json"),
            }
        );

        Assert.NotNull(settings["DataStorage"]);
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
        FileNotFoundException absent = Assert.Throws<FileNotFoundException>(() =>
            Settings.Load(Options() with { SettingsFile = Path.Combine(_folder, "no", "mine.json") })
        );

        Assert.Contains("mine.json", absent.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    private LocalHostOptions Options(Dictionary<string, string?>? settings = null) =>
        new() { Functions = _folder, Settings = settings ?? [] };
}
