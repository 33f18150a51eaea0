using System.Text.Json;

namespace AaClip.Infra.Tests;

/// <summary>A Container App.</summary>
internal sealed class AppResource(JsonElement json)
{
    public JsonElement Json => json;

    public JsonElement Container => Assert.Single(json.Items("properties.template.containers"));

    public JsonElement Scale => json.At("properties.template.scale");

    /// <summary>Its scale rules by the length of a queue.</summary>
    public JsonElement[] QueueRules => [.. Scale.Items("rules").Where(r => r.TryGetProperty("custom", out _)).Select(r => r.At("custom"))];

    public Dictionary<string, string> Settings =>
        Container.Items("env").Where(e => e.TryGetProperty("value", out _)).ToDictionary(e => e.Text("name"), e => e.Text("value"));

    /// <summary>Settings whose values are secrets of the app, with the names of the secrets.</summary>
    public Dictionary<string, string> SecretSettings =>
        Container.Items("env").Where(e => e.TryGetProperty("secretRef", out _)).ToDictionary(e => e.Text("name"), e => e.Text("secretRef"));

    public IEnumerable<JsonElement> Secrets => json.Items("properties.configuration.secrets");

    /// <summary>Functions of the image that it does not run.</summary>
    public IEnumerable<string> Disabled => Settings.Where(s => IsSwitch(s.Key) && s.Value == "true").Select(s => s.Key.Split('.')[1]);

    /// <summary>Names of the queues whose messages its functions take.</summary>
    public IEnumerable<string> Reads => FunctionList.Queues.Where(t => !Disabled.Contains(t.Key)).Select(t => t.Value.QueueName);

    /// <summary>Names of the queues that its functions send to by output bindings.</summary>
    public IEnumerable<string> Sends => FunctionList.Sends.Where(s => !Disabled.Contains(s.Key)).SelectMany(s => s);

    public JsonElement Probe(string type) => Assert.Single(Container.Items("probes"), p => p.Text("type") == type);

    /// <summary>Whether a setting disables a function.</summary>
    public static bool IsSwitch(string setting) => setting.StartsWith("AzureWebJobs.", StringComparison.Ordinal);
}
