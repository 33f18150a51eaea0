using System.Text.Json;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Routing;
using AaClip.Scoring;

namespace AaClip.Cli.Model;

/// <summary>A file of camera profiles on this machine.</summary>
internal static class ProfileFile
{
    /// <summary>The profile of a camera; null if there is none.</summary>
    public static CameraProfile? Find(string file, string camera) =>
        File.Exists(file) ? CameraSet.Parse(File.ReadAllBytes(file), file).Find(camera) : null;

    /// <summary>Changes the profile of a camera, or adds one.</summary>
    /// <returns>What was written, for the user.</returns>
    /// <exception cref="InvalidDataException">The file is invalid, or the functions would refuse the changed one.</exception>
    public static string Edit(string file, string camera, Action<JsonObject> edit)
    {
        JsonObject root = File.Exists(file)
            ? JsonNode.Parse(
                File.ReadAllText(file),
                documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }
            ) as JsonObject
                ?? throw new InvalidDataException($"'{file}' is not a JSON object of camera profiles.")
            : new JsonObject { ["schemaVersion"] = 1 };
        if (root["cameras"] is not JsonObject profiles)
            root["cameras"] = profiles = [];
        if (profiles[camera] is not JsonObject profile)
        {
            // A profile of its own takes the place of the one that its pattern gives, so it begins as a copy of that
            string? pattern = File.Exists(file) ? CameraSet.Parse(File.ReadAllBytes(file), file).KeyOf(camera) : null;
            profiles[camera] = profile = (pattern is null ? null : profiles[pattern]?.DeepClone() as JsonObject) ?? [];
        }

        edit(profile);
        using MemoryStream written = new();
        using (Utf8JsonWriter writer = new(written, new JsonWriterOptions { Indented = true }))
            root.WriteTo(writer);
        byte[] text = written.ToArray();
        _ = CameraSet.Parse(text, file); // throws for a file that the functions would refuse
        WholeFile.Write(file, text);
        return $"profile '{camera}' in {file}";
    }
}
