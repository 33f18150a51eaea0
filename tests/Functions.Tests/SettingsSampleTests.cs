using System.Globalization;
using System.Reflection;
using System.Text.Json;
using AaClip.Pipeline.Models;
using AaClip.Tests;
using Microsoft.Extensions.Options;

namespace AaClip.Functions.Tests;

/// <summary>local.settings.sample.json shows every setting of the pipeline with its default, and no other.</summary>
public sealed class SettingsSampleTests
{
    // Set by the host, by Azure or by the operator; no options class of ours.
    private static readonly string[] Others =
    [
        "AzureWebJobsStorage",
        "DataStorage",
        "FUNCTIONS_WORKER_RUNTIME",
        "ServiceBus",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ];

    // Where the sample has to differ from the default: a model is required and has none.
    private static readonly string[] Examples = ["Model__Path"];

    [Fact]
    public void The_sample_and_the_options_agree()
    {
        using JsonDocument sample = JsonDocument.Parse(File.ReadAllText(Path.Combine(Parity.RepositoryRoot, "local.settings.sample.json")));
        Dictionary<string, string?> shown = sample
            .RootElement.GetProperty("Values")
            .EnumerateObject()
            .ToDictionary(v => v.Name, v => v.Value.GetString());

        Dictionary<string, string?> options = Options().ToDictionary(o => o.Key, o => o.Default);

        Assert.Equal(options.Keys.Concat(Others).Order(), shown.Keys.Order());
        foreach ((string key, string? value) in options.Where(o => !Examples.Contains(o.Key)))
            Assert.True(value == shown[key], $"{key} is '{shown[key]}' in the sample, but its default is '{value}'.");
    }

    /// <summary>Every setting of the pipeline, Section__Key, with its default.</summary>
    internal static IEnumerable<(string Key, string? Default)> Options()
    {
        foreach (Type validator in typeof(ModelOptions).Assembly.GetTypes())
        {
            Type? options = validator
                .GetInterfaces()
                .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IValidateOptions<>))
                ?.GenericTypeArguments[0];
            string? section = options?.GetField("Section")?.GetValue(null) as string;
            if (options is null || section is null or "Storage") // Storage__Prefix keeps tests apart and is no setting for people
                continue;
            object defaults = Activator.CreateInstance(options)!; // options classes have no constructor
            foreach (PropertyInfo property in options.GetProperties().Where(p => p.CanWrite))
                yield return ($"{section}__{property.Name}", Convert.ToString(property.GetValue(defaults), CultureInfo.InvariantCulture));
        }
    }
}
