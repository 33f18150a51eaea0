using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions.Tests;

/// <summary>
/// infra/bicep agrees with itself and with the code. There is no bicep compiler here: files are parsed by the grammar alone, and what else
/// is asked of them is read from their text, which keeps one form: one parameter a line, two spaces for each level.
/// </summary>
public sealed class InfraTests
{
    // Read by the Functions host, by a client's identity or by OpenTelemetry; no option of ours.
    private static readonly string[] OfTheHost =
    [
        "AzureWebJobsStorage__blobServiceUri", "AzureWebJobsStorage__queueServiceUri", "AzureWebJobsStorage__credential", "AzureWebJobsStorage__clientId",
        "ServiceBus__fullyQualifiedNamespace", "ServiceBus__credential", "ServiceBus__clientId",
        "AzureWebJobsSecretStorageType", "AzureFunctionsWebHost__hostid", "FUNCTIONS_WORKER_RUNTIME",
        "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "OTEL_SERVICE_NAME",
    ];

    private static readonly string Folder = Path.Combine(Parity.RepositoryRoot, "infra", "bicep");

    private static readonly string[] Files = [.. Directory.EnumerateFiles(Folder, "*.bicep*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Every_file_parses()
    {
        (int code, string output) = await CheckAsync(Files);

        Assert.NotEmpty(Files);
        Assert.True(code == 0, output);
    }

    [Theory]
    [InlineData(".bicep", "param a string\nvar b = {\n  c: \n}\n", ":3:5: ")]
    [InlineData(".bicep", "resource a 'b@2020-01-01' = {\n  name: 'c'\n", ":")]
    [InlineData(".bicepparam", "using 'main.bicep'\nparam a = [\n", ":")]
    public async Task What_does_not_parse_is_shown_with_its_place(string extension, string text, string place)
    {
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + extension);
        try
        {
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

            (int code, string output) = await CheckAsync(file);

            Assert.Equal(1, code);
            Assert.Contains(file + place, output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Queues_and_containers_are_those_of_the_code()
    {
        string storage = Read("modules/storage.bicep");

        Assert.Equal(ContainerNames.All.Order(), Strings(storage, "containers").Order());
        Assert.Equal(QueueNames.All.Order(), Strings(storage, "queues").Order());
    }

    [Fact]
    public void Every_function_runs_in_one_app_and_Health_in_both()
    {
        string functions = Read("modules/functions.bicep");
        IEnumerable<string> ofTheCode = typeof(Health).Assembly.GetTypes().SelectMany(t => t.GetMethods())
            .Select(m => m.GetCustomAttribute<FunctionAttribute>()?.Name).OfType<string>();

        IEnumerable<string> placed = Strings(functions, "onScorer").Concat(Strings(functions, "onRouter")).Append(nameof(Health));

        Assert.Equal(ofTheCode.Order(), placed.Order());
    }

    [Fact]
    public void Every_queue_that_triggers_a_function_scales_the_app_that_runs_it()
    {
        string functions = Read("modules/functions.bicep");
        Dictionary<string, string> triggers = [];
        foreach (MethodInfo method in typeof(Health).Assembly.GetTypes().SelectMany(t => t.GetMethods()))
            foreach (QueueTriggerAttribute trigger in method.GetParameters().Select(p => p.GetCustomAttribute<QueueTriggerAttribute>()).OfType<QueueTriggerAttribute>())
                triggers.Add(method.GetCustomAttribute<FunctionAttribute>()!.Name, trigger.QueueName); // a trigger stands on a function only

        foreach ((string app, string list) in (ReadOnlySpan<(string, string)>)[("scorer", "onScorer"), ("router", "onRouter")])
        {
            IEnumerable<string> expected = Strings(functions, list).Where(triggers.ContainsKey).Select(f => triggers[f]);
            IEnumerable<string> found = Regex.Matches(Module(functions, app), @"\{ queue: '([^']+)'").Select(m => m.Groups[1].Value);
            Assert.Equal(expected.Order(), found.Order());
        }
    }

    [Fact]
    public void Settings_are_those_of_the_options_and_the_sample()
    {
        Dictionary<string, string> set = Settings(Read("modules/functions.bicep"));
        using JsonDocument sample = JsonDocument.Parse(File.ReadAllText(Path.Combine(Parity.RepositoryRoot, "local.settings.sample.json")));
        Dictionary<string, string?> shown = sample.RootElement.GetProperty("Values").EnumerateObject().ToDictionary(v => v.Name, v => v.Value.GetString());
        HashSet<string> options = [.. SettingsSampleTests.Options().Select(o => o.Key)];

        foreach (string key in set.Keys)
            Assert.True(options.Contains(key) || OfTheHost.Contains(key), $"{key} in functions.bicep is no setting of the pipeline or the host.");
        foreach (string key in shown.Keys)
            Assert.True(set.Keys.Any(k => k == key || k.StartsWith(key + "__", StringComparison.Ordinal)), $"{key} of the sample is not set in functions.bicep.");
        foreach ((string key, string value) in set.Where(s => s.Value.StartsWith('\'') && options.Contains(s.Key) && !s.Key.StartsWith("Model__P", StringComparison.Ordinal)))
            Assert.True(value == $"'{shown[key]}'", $"{key} is {value} in functions.bicep, but '{shown[key]}' by default."); // path and provider differ by purpose
    }

    [Fact]
    public void Filters_of_the_subscriptions_ask_for_properties_that_alerts_carry()
    {
        string source = File.ReadAllText(Path.Combine(Parity.RepositoryRoot, "src", "Pipeline", "Alerts", "TopicAlertSink.cs"));
        HashSet<string> carried = [.. Regex.Matches(source, @"\[""(\w+)""\] =").Select(m => m.Groups[1].Value)];

        string[] asked = [.. Regex.Matches(Read("modules/servicebus.bicep"), @"sqlExpression: '(\w+)").Select(m => m.Groups[1].Value)];

        Assert.NotEmpty(asked);
        Assert.All(asked, a => Assert.Contains(a, carried));
        Assert.Contains($"name: '{QueueNames.Alerts}'", Read("modules/servicebus.bicep"), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_parameter_and_output_is_described()
    {
        foreach (string file in Files.Where(f => f.EndsWith(".bicep", StringComparison.Ordinal)))
        {
            string[] lines = File.ReadAllLines(file);
            for (int i = 0; i < lines.Length; i++)
            {
                if (!lines[i].StartsWith("param ", StringComparison.Ordinal) && !lines[i].StartsWith("output ", StringComparison.Ordinal))
                    continue;
                int above = Array.FindLastIndex(lines, i, l => l.Length == 0) + 1; // decorators stand right above
                Assert.True(lines[above..i].Any(l => l.StartsWith("@description('", StringComparison.Ordinal)), $"{file}:{i + 1}: {lines[i]} has no @description.");
            }
        }
    }

    [Fact]
    public void Modules_get_the_parameters_that_they_have_and_give_the_outputs_that_are_asked_for()
    {
        foreach (string file in Files.Where(f => f.EndsWith(".bicep", StringComparison.Ordinal)))
        {
            string text = File.ReadAllText(file);
            foreach (Match module in Regex.Matches(text, @"^module (\w+) '([^']+)'", RegexOptions.Multiline))
            {
                string name = module.Groups[1].Value;
                string target = File.ReadAllText(Path.Combine(Path.GetDirectoryName(file)!, module.Groups[2].Value)); // a file has a folder
                Dictionary<string, bool> parameters = Parameters(target);
                string[] given = [.. Regex.Matches(Module(text, name), @"^    (\w+):", RegexOptions.Multiline).Select(m => m.Groups[1].Value)];

                Assert.Empty(given.Except(parameters.Keys).Select(p => $"{file}: {name} has no parameter {p}"));
                Assert.Empty(parameters.Where(p => p.Value).Select(p => p.Key).Except(given).Select(p => $"{file}: {name} needs {p}"));
                foreach (Match use in Regex.Matches(text, $@"\b{name}\.outputs\.(\w+)"))
                    Assert.True(Regex.IsMatch(target, $@"^output {use.Groups[1].Value} ", RegexOptions.Multiline), $"{file}: {use.Value} is no output.");
            }
        }
    }

    [Fact]
    public void Parameter_files_set_parameters_that_exist_and_all_that_are_needed()
    {
        Dictionary<string, bool> parameters = Parameters(Read("main.bicep"));
        string[] files = [.. Files.Where(f => f.EndsWith(".bicepparam", StringComparison.Ordinal))];

        Assert.Equal(["dev.bicepparam", "prod.bicepparam"], files.Select(Path.GetFileName));
        foreach (string file in files)
        {
            string[] given = [.. Regex.Matches(File.ReadAllText(file), @"^param (\w+) =", RegexOptions.Multiline).Select(m => m.Groups[1].Value)];
            Assert.Empty(given.Except(parameters.Keys));
            Assert.Empty(parameters.Where(p => p.Value).Select(p => p.Key).Except(given));
        }
    }

    [Fact]
    public void Keys_are_off_everywhere()
    {
        string all = string.Concat(Files.Select(File.ReadAllText));

        Assert.Contains("allowSharedKeyAccess: false", all, StringComparison.Ordinal);
        Assert.Contains("disableLocalAuth: true", all, StringComparison.Ordinal);
        Assert.Contains("adminUserEnabled: false", all, StringComparison.Ordinal);
        Assert.DoesNotContain("AccountKey", all, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("SharedAccess", all, StringComparison.OrdinalIgnoreCase);
    }

    private static string Read(string name) => File.ReadAllText(Path.Combine(Folder, name));

    /// <returns>Names of a file's parameters, and whether a value has to be given.</returns>
    private static Dictionary<string, bool> Parameters(string text) =>
        Regex.Matches(text, @"^param (\w+) \w+( =)?", RegexOptions.Multiline).ToDictionary(m => m.Groups[1].Value, m => !m.Groups[2].Success);

    private static string[] Strings(string text, string variable) =>
        [.. Regex.Matches(Block(text, $"var {variable} = ["), @"^  '([^']+)'", RegexOptions.Multiline).Select(m => m.Groups[1].Value)];

    private static Dictionary<string, string> Settings(string text)
    {
        Dictionary<string, string> settings = [];
        foreach (string start in (ReadOnlySpan<string>)["var settings = {", "var serviceBus = empty(serviceBusHost) ? {} : {", "var scorerOnly = {", "var routerOnly = {"])
            foreach (Match line in Regex.Matches(Block(text, start), @"^  (\w+): ([^\n]+?)( //.*)?$", RegexOptions.Multiline))
                settings[line.Groups[1].Value] = line.Groups[2].Value;
        return settings;
    }

    private static string Module(string text, string name) => Block(text, $"module {name} '");

    /// <returns>From a line that starts so to the line that closes it, at the left margin.</returns>
    private static string Block(string text, string start)
    {
        int from = text.IndexOf("\n" + start, StringComparison.Ordinal);
        Assert.True(from >= 0, $"'{start}' was not found.");
        Match end = new Regex(@"^[\]})]", RegexOptions.Multiline).Match(text, from + 1);
        Assert.True(end.Success, $"'{start}' is not closed.");
        return text[(from + 1)..end.Index];
    }

    private static async Task<(int Code, string Output)> CheckAsync(params string[] files)
    {
        ProcessStartInfo start = new("node", [Path.Combine(Parity.RepositoryRoot, "build", "bicep-check.mjs"), .. files]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!; // not null without a shell
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }
}
