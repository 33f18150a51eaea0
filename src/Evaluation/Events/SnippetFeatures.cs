using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using AaClip.Evaluation.DataSets;
using AaClip.Scoring.Events;
using AaClip.Scoring.Images;
using AaClip.Scoring.Tensors;

namespace AaClip.Evaluation.Events;

/// <summary>
/// Features of recordings. Of each snippet the first frame is seen; the authors did not publish which one they take. Frames behind the last
/// whole snippet are dropped, as in the published lists.
/// </summary>
/// <param name="tower">Loads the image tower; called when a frame has to be seen.</param>
/// <param name="width">Width of a feature.</param>
/// <param name="snippetFrames">Frames of a snippet.</param>
public sealed partial class SnippetFeatures(Func<FrameTower> tower, int width, int snippetFrames)
{
    /// <summary>Folder that keeps the features of frames; null for none.</summary>
    public string? Cache { get; init; }

    /// <summary>Stands for the model in the names of kept files: everything that features depend on.</summary>
    public string Model { get; init; } = "";

    /// <summary>The files of a recording's snippets, in order of their names; numbers in names count as numbers.</summary>
    /// <exception cref="InvalidDataException">The folder has fewer frames than a snippet.</exception>
    public IReadOnlyList<string> Frames(string folder)
    {
        string[] files = [.. Directory.EnumerateFiles(folder).Where(PictureFiles.IsImage).OrderBy(SortKey, StringComparer.Ordinal)];
        int count = files.Length / snippetFrames;
        return count > 0
            ? [.. Enumerable.Range(0, count).Select(i => files[i * snippetFrames])]
            : throw new InvalidDataException(
                $"'{folder}' has {files.Length} frames ({PictureFiles.Endings}), but a snippet has {snippetFrames}: add "
                    + $"frames, or say with "
                    + "--every how many frames a snippet has (1 where the folder holds one for each)."
            );
    }

    /// <summary>The features of a recording.</summary>
    /// <param name="path">A folder of frames, or an .npy file [snippets, width].</param>
    /// <param name="progress">Gets the frames that are done and those of the recording.</param>
    /// <returns>[snippets, width].</returns>
    /// <exception cref="ImageRejectedException">A frame cannot be read; the message names it.</exception>
    /// <exception cref="InvalidDataException">Features do not fit, or there are too few frames.</exception>
    public float[] Of(string path, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        if (!Directory.Exists(path))
            return NpyFile.ReadFeatures(path, width);
        IReadOnlyList<string> frames = Frames(path);
        string? kept = Cache is null ? null : Path.Combine(Cache, $"{Key(frames)}.npy");
        if (kept is not null && File.Exists(kept))
            return NpyFile.ReadFeatures(kept, width);
        float[] features = new float[frames.Count * width];
        for (int i = 0; i < frames.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            tower().Feature(ImageDecoder.DecodeFile(frames[i]).Image).CopyTo(features, i * width);
            progress?.Invoke(i + 1, frames.Count);
        }

        if (kept is not null)
        {
            Directory.CreateDirectory(Cache!); // not null: there is a file in it
            NpyFile.Write(kept, [frames.Count, width], features);
        }

        return features;
    }

    // The content of the frames and the model that sees them.
    private string Key(IReadOnlyList<string> frames)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(Model));
        foreach (string frame in frames)
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(frame)));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }

    // "frame_2.png" comes before "frame_10.png"
    private static string SortKey(string path) =>
        Digits().Replace(Path.GetFileName(path), m => m.Value.PadLeft(20, '0')) + path.Length.ToString("D6", CultureInfo.InvariantCulture);

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
