using System.Text.Json;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;
using AaClip.Scoring.Tiles;

namespace AaClip.Scoring.References;

/// <summary>
/// Patches of good images, which patches of other images are compared with (few-shot; docs/methods.md), and the scale and threshold of the
/// scores that result. Immutable, and shared by all images of a camera: the columns must not be written to.
/// </summary>
public sealed record ReferencePatches
{
    /// <summary>Most images.</summary>
    public const int MaxImages = 64;

    /// <summary>Most patches of a level: a model of full size takes 34 MB of memory for them.</summary>
    public const int MaxPatches = 2048;

    private const string Tensor = "patches";
    private const int MaxLevels = 64; // of a file; models have far less
    private const int MaxWidth = 4096;

    /// <summary>Hash of the model that made the patches: <see cref="ModelManifest.ScoresHash"/>.</summary>
    public required string Model { get; init; }

    /// <summary>The class that the images were calibrated as.</summary>
    public required string ObjectClass { get; init; }

    /// <summary>How the images were cut, as in <see cref="TextOf"/>; null if they were not.</summary>
    public string? Tiles { get; init; }

    /// <summary>Good images that the patches are from, 1 to <see cref="MaxImages"/>.</summary>
    public required int Images { get; init; }

    /// <summary>Levels of the model.</summary>
    public required int Levels { get; init; }

    /// <summary>Numbers of a patch.</summary>
    public required int Width { get; init; }

    /// <summary>Patches of each level, 1 to <see cref="MaxPatches"/>.</summary>
    public required int Count { get; init; }

    /// <summary>[levels, width, count]; each column has length 1.</summary>
    public required float[] Columns { get; init; }

    /// <summary>Scale and thresholds of scores with these patches; null while they are chosen.</summary>
    public Calibration? Calibration { get; init; }

    /// <summary>SHA-256 of the file, lower-case hexadecimal; null if there is none.</summary>
    public string? Sha256 { get; init; }

    /// <summary>A tiling as text, such as "3x2, overlap 0.25"; null for none.</summary>
    public static string? TextOf(Tiling? tiling) =>
        tiling is { } t
            ? FormattableString.Invariant($"{(t.Pixels > 0 ? $"{t.Pixels}" : $"{t.Columns}x{t.Rows}")}, overlap {t.Overlap:R}")
            : null;

    /// <summary>Why the patches cannot be used for an image.</summary>
    /// <param name="model">The model that scores it.</param>
    /// <param name="objectClass">Its class.</param>
    /// <param name="tiling">How it is cut; null if it is scored whole.</param>
    /// <returns>Null if they can.</returns>
    public Misfit? MisfitOf(ModelManifest model, string objectClass, Tiling? tiling) =>
        model.ScoresHash != Model || (Levels, Width) != (model.Architecture.Levels.Count, model.Architecture.Vision.Width) ? Misfit.Model
        : !ClassNames.Same(objectClass, ObjectClass) ? Misfit.Class
        : TextOf(tiling) != Tiles ? Misfit.Tiles
        : null;

    /// <summary>Says what does not fit, and what to do, for people who named the references themselves.</summary>
    public string Explain(Misfit misfit, ModelManifest model, string objectClass, Tiling? tiling) =>
        misfit switch
        {
            Misfit.Class => $"The references are of class '{ObjectClass}', not '{objectClass}'",
            Misfit.Tiles => $"The references were cut into {Cut(Tiles)}, but images are cut into {Cut(TextOf(tiling))}",
            _ => $"The references were made with another model than {model.Id}",
        } + ": make them again with 'aaclip calibrate --references'.";

    private static string Cut(string? tiles) => tiles is null ? "no tiles" : $"tiles {tiles}";

    /// <summary>Writes a file. A reader never sees a part of it.</summary>
    /// <exception cref="InvalidOperationException">They have no calibration.</exception>
    public void Write(string path)
    {
        Calibration calibration = Calibration ?? throw new InvalidOperationException("Reference patches have no calibration.");
        Dictionary<string, string> metadata = new()
        {
            ["model"] = Model,
            ["class"] = ObjectClass,
            ["images"] = FormattableString.Invariant($"{Images}"),
            ["calibration"] = JsonSerializer.Serialize(calibration, PackageJson.Default.Calibration),
        };
        if (Tiles is not null)
            metadata["tiles"] = Tiles;
        SafetensorsFile.Write(path, [new(Tensor, ([Levels, Width, Count], Columns))], metadata);
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or holds something else; the message names it.</exception>
    public static ReferencePatches Read(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (
            !file.Tensors.TryGetValue(Tensor, out StoredTensor? stored)
            || stored.Shape is not [> 0 and <= MaxLevels, > 0 and <= MaxWidth, > 0 and <= MaxPatches]
        )
            throw Damaged("no patches of reference images");
        int images = int.TryParse(Text("images"), out int count) && count is >= 1 and <= MaxImages ? count : throw Damaged("no 'images'");
        float[] columns = stored.ExpectFloat("make it again with 'aaclip calibrate --references'").ToFloat32();
        if (columns.Any(c => Math.Abs(c) is not <= 1.01f))
            throw Damaged("patches that do not have the length 1");
        try
        {
            Calibration calibration =
                JsonSerializer.Deserialize(Text("calibration"), PackageJson.Default.Calibration) ?? throw Damaged("no 'calibration'");
            calibration.Validate($"'{path}'");
            return new ReferencePatches
            {
                Model = Text("model"),
                ObjectClass = Text("class"),
                Tiles = file.Metadata.GetValueOrDefault("tiles"),
                Images = images,
                Levels = (int)stored.Shape[0],
                Width = (int)stored.Shape[1],
                Count = (int)stored.Shape[2],
                Columns = columns,
                Calibration = calibration,
                Sha256 = PackageFolder.HashOf(path),
            };
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}' has a calibration that cannot be read: {e.Message}", e);
        }

        string Text(string key) => file.Metadata.GetValueOrDefault(key) ?? throw Damaged($"no '{key}'");

        InvalidDataException Damaged(string found) =>
            new($"'{path}' has {found}: it is no file of reference images; make one with 'aaclip calibrate --references'.");
    }
}

/// <summary>Why reference patches cannot be used for an image.</summary>
public enum Misfit
{
    /// <summary>Another model made them.</summary>
    Model,

    /// <summary>They were calibrated as another class.</summary>
    Class,

    /// <summary>The images were cut otherwise.</summary>
    Tiles,
}
