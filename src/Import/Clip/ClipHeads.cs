using System.Text.Json;
using AaClip.Import.Torch;

namespace AaClip.Import.Clip;

/// <summary>
/// Finds the number of attention heads, which cannot be derived from the tensors: the caller's number, otherwise the number in a Hugging
/// Face config.json in the weights' folder, otherwise width / 64 as in all published ViT CLIP models.
/// </summary>
internal static class ClipHeads
{
    private const int HeadWidth = 64;
    private const int MaxConfig = 1 << 20;

    /// <summary>The number of heads of a tower.</summary>
    /// <param name="given">The caller's number, or null.</param>
    /// <param name="section">The tower's section in config.json: "vision_config" or "text_config".</param>
    /// <param name="width">The tower's width.</param>
    /// <param name="weights">Path of the weights.</param>
    /// <exception cref="InvalidDataException">The width is not a multiple of the number.</exception>
    public static int Of(int? given, string section, int width, string weights)
    {
        int heads = given ?? Configured(section, weights) ?? width / HeadWidth;
        if (heads < 1 || width % heads != 0)
            throw new InvalidDataException(
                $"'{weights}' has a transformer of width {width}, which {heads} attention heads ({section}) do not divide: give the "
                    + $"number of heads explicitly."
            );
        return heads;
    }

    private static int? Configured(string section, string weights)
    {
        FileInfo config = new(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(weights)) ?? ".", "config.json"));
        if (!config.Exists)
            return null;
        if (config.Length > MaxConfig)
            throw new InvalidDataException(
                $"'{config.FullName}' has {config.Length} bytes, at most {MaxConfig} are expected of a model's configuration."
            );
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(config.FullName));
            return
                json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty(section, out JsonElement tower)
                && tower.ValueKind == JsonValueKind.Object
                && tower.TryGetProperty("num_attention_heads", out JsonElement heads)
                ? heads.GetInt32()
                : null; // configuration of another program
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException(
                $"'{config.FullName}' beside the weights cannot be read as a model's configuration ({e.Message}): repair or remove it.",
                e
            );
        }
    }
}
