using System.Text.Json;

namespace AaClip.Infra.Tests;

/// <summary>Reads JSON by paths such as "properties.template.scale"; throws with the path if there is no such element.</summary>
internal static class JsonElements
{
    public static JsonElement At(this JsonElement json, string path)
    {
        JsonElement at = json;
        foreach (string step in path.Split('.'))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(step, out at))
                throw new InvalidDataException($"There is no {step} of {path} in {json}.");
        }

        return at;
    }

    public static string Text(this JsonElement json, string path) =>
        json.At(path).GetString() ?? throw new InvalidDataException($"{path} is null.");

    public static bool Flag(this JsonElement json, string path) => json.At(path).GetBoolean();

    public static int Number(this JsonElement json, string path) => json.At(path).GetInt32();

    public static JsonElement[] Items(this JsonElement json, string path) => [.. json.At(path).EnumerateArray()];

    public static string[] Texts(this JsonElement json, string path) => [.. json.Items(path).Select(i => i.ToString())];
}
