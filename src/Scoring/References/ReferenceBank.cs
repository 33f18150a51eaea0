using AaClip.Scoring.Packages;
using AaClip.Scoring.Tiles;

namespace AaClip.Scoring.References;

/// <summary>
/// Collects the patches of good images. Of more than <see cref="ReferencePatches.MaxPatches"/> on a level, a <see cref="Coreset"/> is kept.
/// The order in which images are added does not matter.
/// </summary>
/// <param name="model">The model that makes the patches.</param>
/// <param name="objectClass">What the images show.</param>
/// <param name="tiling">How they are cut; null if they are not.</param>
public sealed class ReferenceBank(ModelManifest model, string objectClass, Tiling? tiling)
{
    private const long MaxHeld = 1L << 30; // 64 images of a model of full size have a third of it

    private readonly SortedDictionary<string, List<float[]>> _images = new(StringComparer.Ordinal);
    private (int Image, int Patch)[][]? _kept; // [levels][count]

    private long _held; // numbers in memory
    private readonly int _levels = model.Architecture.Levels.Count;
    private readonly int _width = model.Architecture.Vision.Width;

    /// <summary>Names of the images, in the order of their patches.</summary>
    public IReadOnlyList<string> Names => [.. _images.Keys];

    /// <summary>Whether an image was added.</summary>
    public bool Has(string name) => _images.ContainsKey(name);

    /// <summary>Adds patches of an image; of one in tiles, once for each tile.</summary>
    /// <param name="name">Tells images apart, and orders them: the hash of the file.</param>
    /// <param name="patches">[levels, patches, width], of length 1 along the width.</param>
    /// <exception cref="InvalidDataException">There are too many patches for the memory.</exception>
    public void Add(string name, float[] patches)
    {
        if (patches.Length == 0 || patches.Length % (_levels * _width) != 0)
            throw new ArgumentException($"{patches.Length} values are no patches of {_levels} levels of {_width}.", nameof(patches));
        _held += patches.Length;
        if (_held > MaxHeld)
            throw new InvalidDataException(
                $"The reference images have too many patches: at most {MaxHeld * sizeof(float) >> 30} GiB of them are compared. Give fewer "
                    + "images, or larger tiles."
            );
        if (!_images.TryGetValue(name, out List<float[]>? all))
            _images[name] = all = [];
        all.Add(patches);
        _kept = null;
    }

    /// <summary>The patches that were kept.</summary>
    /// <param name="without">An image that is left out, so that it can be compared with the others; null for none.</param>
    /// <exception cref="InvalidOperationException">No image is left.</exception>
    public ReferencePatches Build(string? without = null)
    {
        _kept ??= [.. Enumerable.Range(0, _levels).Select(Keep)];
        int left = without is null ? -1 : Names.ToList().IndexOf(without);
        (int Image, int Patch)[][] kept = [.. _kept.Select(level => level.Where(p => p.Image != left).ToArray())];
        int count = kept.Max(k => k.Length);
        if (kept.Any(k => k.Length == 0))
            throw new InvalidOperationException("No reference image is left to compare with.");
        float[] columns = new float[_levels * _width * count];
        List<float[]>[] images = [.. _images.Values];
        for (int level = 0; level < _levels; level++)
        for (int column = 0; column < count; column++)
        {
            // Levels can have kept different numbers of patches of the image that is left out; the first patch fills up
            (int image, int patch) = kept[level][column < kept[level].Length ? column : 0];
            ReadOnlySpan<float> values = Patch(images[image], level, patch);
            for (int i = 0; i < _width; i++)
                columns[(level * _width + i) * count + column] = values[i];
        }

        return new ReferencePatches
        {
            Model = model.ScoresHash ?? "",
            ObjectClass = objectClass,
            Tiles = ReferencePatches.TextOf(tiling),
            Images = left < 0 ? images.Length : images.Length - 1,
            Levels = _levels,
            Width = _width,
            Count = count,
            Columns = columns,
        };
    }

    private (int Image, int Patch)[] Keep(int level)
    {
        List<float[]>[] images = [.. _images.Values];
        (int Image, int Patch)[] all =
        [
            .. images.SelectMany((image, i) => Enumerable.Range(0, image.Sum(Patches)).Select(patch => (Image: i, patch))),
        ];
        if (all.Length <= ReferencePatches.MaxPatches)
            return all;
        int[] kept = Coreset.Choose(all.Length, _width, i => Patch(images[all[i].Image], level, all[i].Patch), ReferencePatches.MaxPatches);
        return [.. kept.Select(i => all[i])];
    }

    private int Patches(float[] patches) => patches.Length / (_levels * _width);

    private ReadOnlySpan<float> Patch(List<float[]> image, int level, int patch)
    {
        foreach (float[] part in image)
        {
            int count = Patches(part);
            if (patch < count)
                return part.AsSpan((level * count + patch) * _width, _width);
            patch -= count;
        }

        throw new ArgumentOutOfRangeException(nameof(patch));
    }
}
