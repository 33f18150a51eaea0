using System.Text.Json.Serialization;

namespace AaClip.Scoring.Packages;

/// <summary>Where a package came from.</summary>
public sealed record Provenance
{
    /// <summary>The files that were imported, by role and name ("clip/…", "adapters/…", "prompts/…").</summary>
    public required IReadOnlyDictionary<string, ProvenanceFile> Sources { get; init; }

    /// <summary>
    /// The training that made adapters or learned prompts; null if they lay without a record of it, if there are none, and in packages of
    /// older programs.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TrainingOrigin? Training { get; init; }

    /// <summary>Program and version that wrote the package.</summary>
    public required string WrittenBy { get; init; }

    /// <summary>When it was written.</summary>
    public required DateTimeOffset WrittenAt { get; init; }

    /// <summary>One hash for the imported files of a role; see <see cref="ProvenanceFile.HashOf"/>.</summary>
    /// <param name="role">"clip", "adapters" or "prompts".</param>
    /// <returns>Null if no file has the role.</returns>
    public string? HashOf(string role)
    {
        string[] hashes = [.. Sources.Where(s => s.Key.StartsWith($"{role}/", StringComparison.Ordinal)).Select(s => s.Value.Sha256)];
        return hashes.Length == 0 ? null : ProvenanceFile.HashOf(hashes);
    }
}

/// <summary>One imported file.</summary>
/// <param name="Name">File name without its folder.</param>
/// <param name="Bytes">Length.</param>
/// <param name="Sha256">SHA-256, lower-case hexadecimal.</param>
public sealed record ProvenanceFile(string Name, long Bytes, string Sha256)
{
    /// <summary>
    /// One hash for the files of a checkpoint: that of the file; of several, the SHA-256 of their hashes in ascending order, one a line.
    /// </summary>
    /// <param name="hashes">SHA-256 of each file, lower-case hexadecimal; at least one.</param>
    public static string HashOf(IReadOnlyList<string> hashes) =>
        hashes.Count == 1 ? hashes[0] : Text.TextHash.Hex(string.Join('\n', hashes.Order(StringComparer.Ordinal)));
}

/// <summary>
/// What a training recorded of itself in training.json. Whoever gives away a checkpoint can write this file too: it tells which images and
/// which CLIP a training of your own used, and proves nothing about others.
/// </summary>
/// <param name="Record">SHA-256 of training.json, which holds all settings; lower-case hexadecimal.</param>
/// <param name="Clip">File name of the CLIP weights.</param>
/// <param name="ClipSha256">Their hash (<see cref="ProvenanceFile.HashOf"/>); null in records of older programs.</param>
/// <param name="Data">Name of the data set.</param>
/// <param name="Images">Number of images.</param>
/// <param name="ImagesSha256">Hash of the list of images.</param>
/// <param name="Seed">Seed of the training.</param>
public sealed record TrainingOrigin(string Record, string Clip, string? ClipSha256, string Data, int Images, string ImagesSha256, int Seed);
