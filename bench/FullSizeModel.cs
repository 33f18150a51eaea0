using AaClip.Import.Packages;
using AaClip.Scoring.Packages;

namespace AaClip.Bench;

/// <summary>A full-size ViT-L/14-336 with adapters and random weights: as slow as the real model, and needs no download.</summary>
internal static class FullSizeModel
{
    /// <summary>Writes a checkpoint and imports it, unless the package already exists.</summary>
    /// <returns>Folder of the package.</returns>
    public static string Package(string scratch, Precision precision)
    {
        string output = Path.Combine(scratch, $"vitl-{precision.ToString().ToLowerInvariant()}");
        if (Directory.Exists(output))
            return output;
        string sources = Sources(scratch);
        Console.Error.WriteLine($"Importing it as {precision} ...");
        ModelImporter.Import(RandomModel.Options(sources, RandomModel.Full, output) with { Precision = precision });
        return output;
    }

    /// <summary>Writes the files that the package is imported from, unless they already exist.</summary>
    /// <returns>Folder of the files.</returns>
    public static string Sources(string scratch)
    {
        string sources = Path.Combine(scratch, "sources");
        if (!Directory.Exists(sources))
        {
            Console.Error.WriteLine("Writing a full-size checkpoint with random weights (1.5 GiB) ...");
            string unfinished = Directory.CreateDirectory(sources + ".tmp").FullName;
            RandomModel.WriteSources(unfinished, RandomModel.Full, imageBlocks: 6, textBlocks: 3);
            Directory.Move(unfinished, sources);
        }

        return sources;
    }
}
