using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace AaClip.LocalHost;

/// <summary>App settings: the file's Values, then the environment, then what the caller fixes; "__" separates sections.</summary>
internal static class Settings
{
    public const string FileName = "local.settings.json";
    public const string SampleName = "local.settings.sample.json";

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <exception cref="FileNotFoundException">The named file and its sample are absent.</exception>
    /// <exception cref="InvalidDataException">The file is not what the Functions tools read.</exception>
    public static ConfigurationManager Load(LocalHostOptions options)
    {
        ConfigurationManager configuration = new();
        if (FindFile(options) is { } file)
            configuration.AddInMemoryCollection(ReadValues(file));
        configuration.AddEnvironmentVariables();
        configuration.AddInMemoryCollection(options.Settings.Select(setting => KeyValuePair.Create(Key(setting.Key), setting.Value)));
        return configuration;
    }

    /// <summary>The settings as a process takes them in its environment; what came from the environment is there already.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> ForEnvironment(LocalHostOptions options, string storageSetting, string connectionString)
    {
        Dictionary<string, string?> values = new(StringComparer.OrdinalIgnoreCase);
        if (FindFile(options) is { } file)
            foreach ((string key, string? value) in ReadValues(file))
                if (Environment.GetEnvironmentVariable(Name(key)) is null)
                    values[Name(key)] = value;
        foreach ((string key, string? value) in options.Settings)
            values[Name(key)] = value;
        values[storageSetting] = connectionString;
        return values;
    }

    private static string Name(string key) => key.Replace(ConfigurationPath.KeyDelimiter, "__", StringComparison.Ordinal);

    private static string Key(string name) => name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);

    private static string? FindFile(LocalHostOptions options)
    {
        string file = Path.GetFullPath(options.SettingsFile ?? Path.Combine(options.Functions, FileName));
        if (File.Exists(file))
            return file;
        // SettingsFile is a full path here, so it has a folder.
        string sample = Path.Combine(Path.GetDirectoryName(file)!, SampleName);
        if (File.Exists(sample))
            return sample;
        return options.SettingsFile is null ? null : throw new FileNotFoundException($"Neither '{file}' nor '{sample}' exists: name a settings file that does.", file);
    }

    private static List<KeyValuePair<string, string?>> ReadValues(string file)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(file), Lenient);
            if (!json.RootElement.TryGetProperty("Values", out JsonElement values))
                return [];
            return [.. values.EnumerateObject().Select(value => KeyValuePair.Create(Key(value.Name), value.Value.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.Object or JsonValueKind.Array => throw new InvalidDataException(
                    $"Setting '{value.Name}' in '{file}' is a JSON {value.Value.ValueKind}: write text, and sections as \"Section__Name\"."),
                _ => value.Value.ToString(),
            }))];
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"'{file}' cannot be read: {broken.Message} It holds {{ \"Values\": {{ \"Name\": \"value\" }} }}.", broken);
        }
    }
}
