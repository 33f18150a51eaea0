using System.Text;
using AaClip.Evaluation.DataSets;
using AaClip.Import.Packages;
using AaClip.Scoring;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;

namespace AaClip.Training;

/// <summary>
/// training.json in the output folder: everything that determines the result, so that a training cannot resume with other settings or
/// images.
/// </summary>
internal static class TrainingRecord
{
    private const string FileName = TrainingOrigins.FileName;

    /// <summary>Writes the record, or compares it with that of the training that is resumed.</summary>
    /// <param name="settings">What determines the result, as JSON.</param>
    /// <param name="earlier">The same as older programs wrote it, which is resumed too: without the hash of the weights.</param>
    /// <param name="foreign">What is said of a folder without a record that holds another training's files; null if it holds none.</param>
    /// <exception cref="IOException">The folder holds a training, and resuming was not requested.</exception>
    /// <exception cref="InvalidDataException">The training there began with other settings.</exception>
    public static void Begin(string output, string settings, string earlier, bool resume, string? foreign)
    {
        Directory.CreateDirectory(output);
        string file = Path.Combine(output, FileName);
        if (!File.Exists(file))
        {
            if (foreign is not null)
                throw new IOException(foreign);
            WholeFile.Write(file, settings);
        }
        else if (!resume)
        {
            throw new IOException($"'{output}' holds a training already: go on with --resume, or choose another --out.");
        }
        else if (File.ReadAllText(file) is var there && there != settings && there != earlier)
        {
            throw new InvalidDataException(
                $"The training in '{output}' began with other settings or images ({FileName} there has them): resume with the "
                    + $"same, or choose another --out."
            );
        }
    }

    /// <summary>Hash of the list of images.</summary>
    public static string HashOf(DataSet data)
    {
        StringBuilder images = new();
        foreach (LabelledImage image in data.Images)
            images.Append(image).Append('\n');
        return TextHash.Hex(images.ToString());
    }

    /// <summary>Hash of the CLIP weights, as the import computes it (<see cref="ProvenanceFile.HashOf"/>).</summary>
    /// <param name="files">All files of the weights.</param>
    public static string HashOf(IEnumerable<string> files) => ProvenanceFile.HashOf([.. files.Select(PackageFolder.HashOf)]);
}
