using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace AaClip.LocalHost;

/// <summary>App settings, later ones override: Values of the file, environment, settings of the caller. "__" separates sections.</summary>
internal static class Settings
{
    public const string FileName = "local.settings.json";
    public const string SampleName = "local.settings.sample.json";

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>All settings, as a configuration.</summary>
    /// <exception cref="FileNotFoundException">Neither the named file nor its sample exists.</exception>
    /// <exception cref="InvalidDataException">The file does not have the format of the Functions tools.</exception>
    public static ConfigurationManager Load(LocalHostOptions options)
    {
        ConfigurationManager configuration = new();
        configuration.AddEnvironmentVariables();
        configuration.AddInMemoryCollection(Own(options).Select(setting => KeyValuePair.Create(Key(setting.Key), setting.Value)));
        return configuration;
    }

    /// <summary>Environment variables that the worker needs in addition to those of this process.</summary>
    /// <exception cref="FileNotFoundException">Neither the named file nor its sample exists.</exception>
    /// <exception cref="InvalidDataException">The file does not have the format of the Functions tools.</exception>
    public static Dictionary<string, string?> Own(LocalHostOptions options)
    {
        Dictionary<string, string?> own = new(StringComparer.OrdinalIgnoreCase);
        if (FindFile(options) is { } file)
            foreach ((string name, string? value) in ReadValues(file))
                if (Environment.GetEnvironmentVariable(name) is null)
                    own[name] = value;
        foreach ((string name, string? value) in options.Settings)
            own[name] = value;
        // The worker runs in another folder, so relative paths are made absolute.
        foreach (string path in options.PathSettings)
            if ((own.TryGetValue(path, out string? value) ? value : Environment.GetEnvironmentVariable(path)) is { Length: > 0 } relative)
                own[path] = Path.GetFullPath(relative);
        return own;
    }

    /// <summary>Configuration key of a setting's name: "__" becomes ":".</summary>
    public static string Key(string name) => name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);

    private static string? FindFile(LocalHostOptions options)
    {
        string file = Path.GetFullPath(options.SettingsFile ?? Path.Combine(options.Functions, FileName));
        if (File.Exists(file))
            return file;
        // Not null: the path is absolute, so it has a folder.
        string sample = Path.Combine(Path.GetDirectoryName(file)!, SampleName);
        if (File.Exists(sample))
            return sample;
        return options.SettingsFile is null
            ? null
            : throw new FileNotFoundException($"Neither '{file}' nor '{sample}' exists: name a settings file that does.", file);
    }

    private static List<KeyValuePair<string, string?>> ReadValues(string file)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(file), Lenient);
            if (!json.RootElement.TryGetProperty("Values", out JsonElement values))
                return [];
            return
            [
                .. values
                    .EnumerateObject()
                    .Select(value =>
                        KeyValuePair.Create(
                            value.Name,
                            value.Value.ValueKind switch
                            {
                                JsonValueKind.Null => null,
                                JsonValueKind.Object or JsonValueKind.Array => throw new InvalidDataException(
                                    $"Setting '{value.Name}' in '{file}' is a JSON {value.Value.ValueKind}: write text, and "
                                        + $"sections as \"Section__Name\"."
                                ),
                                _ => value.Value.ToString(),
                            }
                        )
                    ),
            ];
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException(
                $"'{file}' cannot be read: {broken.Message} It holds {{ \"Values\": {{ \"Name\": \"value\" }} }}.",
                broken
            );
        }
    }
}
