using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>Reads both schemas of a storage event (learn.microsoft.com/azure/event-grid/event-schema-blob-storage).</summary>
internal sealed class BlobCreatedConverter : JsonConverter<BlobCreated>
{
    private const string SubjectPrefix = "/blobServices/default/containers/";
    private const string SubjectMiddle = "/blobs/";

    public override BlobCreated Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument json = JsonDocument.ParseValue(ref reader);
        JsonElement root = json.RootElement;
        if (root.ValueKind == JsonValueKind.Array)
            root =
                root.GetArrayLength() == 1
                    ? root[0]
                    : throw new JsonException(
                        $"A storage event message holds an array of {root.GetArrayLength()} events, expected one: let the "
                            + $"subscription send each event in its own message."
                    );
        if (root.ValueKind != JsonValueKind.Object)
            throw new JsonException(
                $"A storage event is a JSON {root.ValueKind}, expected an object in the Event Grid or CloudEvents schema."
            );

        bool cloudEvent = root.TryGetProperty("specversion", out JsonElement version);
        if (cloudEvent && version is not { ValueKind: JsonValueKind.String } || cloudEvent && version.GetString() != "1.0")
            throw new JsonException($"A storage event has the CloudEvents specversion {version.GetRawText()}, expected \"1.0\".");
        (string container, string inSubject) = Split(Text(root, "subject"));
        JsonElement data = root.TryGetProperty("data", out JsonElement found) && found.ValueKind == JsonValueKind.Object ? found : default;
        return new BlobCreated
        {
            Id = Text(root, "id"),
            EventType = Text(root, cloudEvent ? "type" : "eventType"),
            Container = container,
            Name = NameOf(Optional(data, "url"), container) ?? inSubject,
            ETag = Optional(data, "eTag")?.Trim('"') ?? "",
            Bytes =
                data.ValueKind == JsonValueKind.Object
                && data.TryGetProperty("contentLength", out JsonElement length)
                && length.TryGetInt64(out long bytes)
                    ? bytes
                    : -1,
            Api = Optional(data, "api"),
            Time = Instant(root, cloudEvent ? "time" : "eventTime"),
            Traceparent = Optional(root, "traceparent"),
        };
    }

    public override void Write(Utf8JsonWriter writer, BlobCreated value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("id", value.Id);
        writer.WriteString("eventType", value.EventType);
        writer.WriteString("subject", $"{SubjectPrefix}{value.Container}{SubjectMiddle}{value.Name}");
        writer.WriteString("eventTime", value.Time);
        writer.WriteString("dataVersion", "");
        writer.WriteString("metadataVersion", "1");
        writer.WriteStartObject("data");
        if (value.Api is not null)
            writer.WriteString("api", value.Api);
        writer.WriteString("eTag", value.ETag);
        writer.WriteString("url", $"https://storage/{value.Container}/{Uri.EscapeDataString(value.Name)}");
        if (value.Bytes >= 0)
            writer.WriteNumber("contentLength", value.Bytes);
        writer.WriteEndObject();
        if (value.Traceparent is not null)
            writer.WriteString("traceparent", value.Traceparent);
        writer.WriteEndObject();
    }

    private static (string Container, string Name) Split(string subject)
    {
        int middle = subject.StartsWith(SubjectPrefix, StringComparison.Ordinal)
            ? subject.IndexOf(SubjectMiddle, SubjectPrefix.Length, StringComparison.Ordinal)
            : -1;
        return middle > SubjectPrefix.Length && middle + SubjectMiddle.Length < subject.Length
            ? (subject[SubjectPrefix.Length..middle], subject[(middle + SubjectMiddle.Length)..])
            : throw new JsonException(
                $"A storage event has the subject '{subject}', expected '{SubjectPrefix}<container>{SubjectMiddle}<name>': "
                    + $"subscribe to the blobs of a storage account."
            );
    }

    // Event Grid corrupts characters outside the Unicode basic plane in the subject. The URL holds the correct name, percent-encoded. Its
    // forms: "https://account.blob.core.windows.net/{container}/{name}" and, from Azurite,
    // "http://127.0.0.1:10000/{account}/{container}/{name}".
    private static string? NameOf(string? url, string container)
    {
        int host = url?.IndexOf("://", StringComparison.Ordinal) ?? -1;
        int path = host < 0 ? -1 : url!.IndexOf('/', host + 3);
        if (path < 0)
            return null;
        string rest = url![(path + 1)..].Split('?', 2)[0];
        if (!rest.StartsWith(container + "/", StringComparison.Ordinal))
        {
            int account = rest.IndexOf('/', StringComparison.Ordinal);
            rest = rest[(account + 1)..];
            if (account < 0 || !rest.StartsWith(container + "/", StringComparison.Ordinal))
                return null;
        }

        string name = Uri.UnescapeDataString(rest[(container.Length + 1)..]);
        return name.Length > 0 ? name : null;
    }

    private static DateTimeOffset Instant(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.String
        && value.TryGetDateTimeOffset(out DateTimeOffset time)
            ? time
            : throw new JsonException($"A storage event has no time in '{name}', expected an ISO 8601 date.");

    private static string Text(JsonElement root, string name) =>
        Optional(root, name) is { Length: > 0 } text
            ? text
            : throw new JsonException($"A storage event has no '{name}': expected the Event Grid or CloudEvents 1.0 schema.");

    private static string? Optional(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
