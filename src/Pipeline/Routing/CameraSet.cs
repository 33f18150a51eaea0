using System.Text.Json;

namespace AaClip.Pipeline.Routing;

/// <summary>The content of config/cameras.json: profiles by camera name or pattern. Immutable.</summary>
public sealed class CameraSet
{
    /// <summary>The newest version of the format that this program reads.</summary>
    public const int CurrentSchema = 1;

    private static readonly JsonDocumentOptions Lenient = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        AllowDuplicateProperties = false,
    };

    private readonly Dictionary<string, CameraProfile> _exact;
    private readonly (string Pattern, CameraProfile Profile)[] _patterns; // most specific first

    private CameraSet(Dictionary<string, CameraProfile> cameras)
    {
        _exact = cameras.Where(c => !c.Key.Contains('*', StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);
        _patterns =
        [
            .. cameras
                .Where(c => c.Key.Contains('*', StringComparison.Ordinal))
                .OrderByDescending(c => c.Key.Length)
                .ThenBy(c => c.Key, StringComparer.Ordinal)
                .Select(c => (c.Key, c.Value)),
        ];
        Names = [.. cameras.Keys];
        FirstModels = [.. cameras.Values.Select(c => c.First).OfType<FirstModel>()];
        Checks = [.. cameras.Values.Select(c => c.Generated).OfType<GeneratedRule>().Select(g => g.Model).Distinct(StringComparer.Ordinal)];
        EventModels =
        [
            .. cameras.Values.Select(c => c.Events).OfType<CameraEvents>().Select(e => e.Model).Distinct(StringComparer.Ordinal),
        ];
    }

    /// <summary>The set that applies without a file: every camera has the default profile.</summary>
    public static CameraSet Default { get; } = new(new() { ["*"] = CameraProfile.Default });

    /// <summary>Version of the file, without quotes; null where it did not come from storage.</summary>
    public string? ETag { get; private init; }

    /// <summary>Names and patterns, in the order of the file.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The first models of all profiles.</summary>
    public IReadOnlyList<FirstModel> FirstModels { get; }

    /// <summary>"name@version" of the checks for generated pictures of all profiles, each once.</summary>
    public IReadOnlyList<string> Checks { get; }

    /// <summary>"name@version" of the temporal models of all profiles, each once.</summary>
    public IReadOnlyList<string> EventModels { get; }

    /// <summary>
    /// Finds a camera's profile by its exact name, otherwise by the longest pattern that matches. "*" matches any characters; of equally
    /// long patterns the first in ordinal order is used.
    /// </summary>
    /// <returns>Null if nothing matches.</returns>
    public CameraProfile? Find(string camera) => KeyOf(camera) is { } key ? Entry(key) : null;

    /// <summary>The profile of an entry.</summary>
    /// <param name="key">One of <see cref="Names"/>.</param>
    public CameraProfile Entry(string key) => _exact.GetValueOrDefault(key) ?? _patterns.First(p => p.Pattern == key).Profile;

    /// <summary>The name or pattern of the entry that <see cref="Find"/> takes.</summary>
    /// <returns>Null if nothing matches.</returns>
    public string? KeyOf(string camera) =>
        _exact.ContainsKey(camera) ? camera : _patterns.Select(p => p.Pattern).FirstOrDefault(pattern => Wildcard.Matches(pattern, camera));

    /// <summary>Reads and checks a file.</summary>
    /// <param name="json">UTF-8; comments and trailing commas are allowed.</param>
    /// <param name="where">What to call the file in messages.</param>
    /// <param name="etag">Version of the file, without quotes.</param>
    /// <exception cref="InvalidDataException">The message names camera, field, value and remedy.</exception>
    public static CameraSet Parse(ReadOnlyMemory<byte> json, string where, string? etag = null)
    {
        try
        {
            if (json.Span.StartsWith("\uFEFF"u8))
                json = json[3..]; // byte order mark, written by editors on Windows
            using JsonDocument document = JsonDocument.Parse(json, Lenient);
            JsonElement root = document.RootElement;
            if (
                root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty("cameras", out JsonElement cameras)
                || cameras.ValueKind != JsonValueKind.Object
            )
                throw new InvalidDataException(
                    $"{where} has no object 'cameras': write {{ \"schemaVersion\": 1, \"cameras\": {{ \"*\": {{ \"class\": "
                        + $"\"bottle\" }} }} }}."
                );
            if (!root.TryGetProperty("schemaVersion", out JsonElement schema) || !schema.TryGetInt32(out int version) || version < 1)
                throw new InvalidDataException(
                    $"{where} has no 'schemaVersion': write \"schemaVersion\": {CurrentSchema} at its beginning."
                );
            if (version > CurrentSchema)
                throw new InvalidDataException(
                    $"{where} has schemaVersion {version}; this program reads up to {CurrentSchema}: update it."
                );
            foreach (JsonProperty field in root.EnumerateObject())
                if (field.Name is not ("cameras" or "schemaVersion" or "$schema"))
                    throw new InvalidDataException($"{where} has the unknown field '{field.Name}': profiles belong under 'cameras'.");

            Dictionary<string, CameraProfile> read = new(StringComparer.Ordinal);
            foreach (JsonProperty camera in cameras.EnumerateObject())
            {
                CameraProfile profile = ReadOne(camera, where);
                CameraProfileChecks.Check(profile, $"Camera '{camera.Name}' in {where}");
                read.Add(camera.Name, profile);
            }

            return new CameraSet(read) { ETag = etag };
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{where} is not JSON: {e.Message}", e);
        }
    }

    private static CameraProfile ReadOne(JsonProperty camera, string where)
    {
        if (camera.Name.Length == 0 || camera.Name.Contains('/', StringComparison.Ordinal))
            throw new InvalidDataException(
                $"{where} names a camera '{camera.Name}': a camera is the first folder of an image's name, without '/'."
            );
        try
        {
            return camera.Value.Deserialize(CameraJson.Default.CameraProfile) ?? throw new JsonException("it is null.");
        }
        catch (JsonException e)
        {
            string field = e.Path is { Length: > 2 } path ? $"field '{path[2..]}'{Value(camera.Value, path[2..])}: " : "";
            throw new InvalidDataException(
                $"Camera '{camera.Name}' in {where}: {field}{e.Message} See docs/schemas/cameras.schema.json for what is allowed.",
                e
            );
        }
    }

    private static string Value(JsonElement profile, string path) =>
        profile.ValueKind == JsonValueKind.Object && profile.TryGetProperty(path.Split('.', '[')[0], out JsonElement value)
            ? $" is {Shorten(value.GetRawText())}"
            : "";

    private static string Shorten(string text) => text.Length <= 60 ? text : $"{text[..60]}…";
}
