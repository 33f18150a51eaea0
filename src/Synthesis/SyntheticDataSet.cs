using System.Globalization;
using System.Text;
using AaClip.Evaluation.DataSets;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Synthesis.Defects;

namespace AaClip.Synthesis;

/// <summary>Writes generated images in MVTec's layout, with a list in the format of the published code.</summary>
public static class SyntheticDataSet
{
    /// <summary>Writes a data set.</summary>
    /// <param name="folder">Output folder; must be empty or not exist.</param>
    /// <param name="images">
    /// Number of test images per class, half of them with a defect; the same number of normal images is added for training.
    /// </param>
    /// <param name="written">Called after each image with the number of images written so far and the total.</param>
    /// <exception cref="IOException">The folder is not empty.</exception>
    public static void Write(
        string folder,
        IReadOnlyList<ObjectClass> classes,
        int images,
        int size,
        int seed,
        Action<int, int>? written = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 2);
        RequireEmpty(folder);
        StringBuilder list = new();
        int done = 0,
            all = classes.Count * images * 2;
        foreach (ObjectClass objectClass in classes)
        {
            string name = objectClass.Name.Replace(' ', '_');
            for (int i = 0; i < 2 * images; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                bool train = i >= images;
                DefectKind? defect = train || i % 2 == 0 ? null : objectClass.Defects[i / 2 % objectClass.Defects.Count];
                SyntheticImage drawn = Generator.Draw(objectClass, defect, size, HashCode(seed, objectClass.Name, i));
                string kind = defect?.ToString().ToLowerInvariant() ?? "good",
                    file = string.Create(CultureInfo.InvariantCulture, $"{i:D4}");
                string image = $"{name}/{(train ? "train" : "test")}/{kind}/{file}.png",
                    mask = $"{name}/ground_truth/{kind}/{file}_mask.png";
                Save(Path.Combine(folder, image), drawn.Image);
                if (defect is not null)
                    Save(Path.Combine(folder, mask), Grey(drawn.Mask, size));
                if (!train)
                {
                    string masked = defect is null ? "" : $", \"mask_path\": \"{mask}\"";
                    string line = $$"""
                        {"image_path": "{{image}}", "label": {{(defect is null ? 0 : 1)}}, "class_name": "{{objectClass.Name}}"{{masked}}}
                        """;
                    list.Append(line).Append('\n');
                }
                written?.Invoke(++done, all);
            }
        }

        WholeFile.Write(Path.Combine(folder, "full-shot.jsonl"), list.ToString());
    }

    /// <summary>Writes a data set of one class from photos of good parts: unchanged photos, and photos with painted defects.</summary>
    /// <param name="photos">Image files, used in turn.</param>
    /// <param name="images">Total number of images, half of them with a defect.</param>
    /// <exception cref="IOException">The folder is not empty.</exception>
    public static void WriteFromPhotos(
        string folder,
        string className,
        IReadOnlyList<string> photos,
        int images,
        int size,
        int seed,
        Action<int, int>? written = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(className);
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 2);
        if (photos.Count == 0)
            throw new ArgumentException("There are no photos: give at least one good part.", nameof(photos));
        RequireEmpty(folder);
        string name = className.Replace(' ', '_');
        for (int i = 0; i < images; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            string photo = photos[i / 2 % photos.Count],
                file = string.Create(CultureInfo.InvariantCulture, $"{i:D4}");
            RgbImage picture = ImageDecoder.Decode(File.ReadAllBytes(photo), photo).Image;
            if (i % 2 == 0)
            {
                Save(Path.Combine(folder, name, "test", "good", $"{file}.png"), Resampling.Resize(picture, size, size));
            }
            else
            {
                SyntheticImage damaged = Generator.Damage(picture, size, HashCode(seed, className, i));
                Save(Path.Combine(folder, name, "test", "painted", $"{file}.png"), damaged.Image);
                Save(Path.Combine(folder, name, "ground_truth", "painted", $"{file}_mask.png"), Grey(damaged.Mask, size));
            }

            written?.Invoke(i + 1, images);
        }
    }

    private static void RequireEmpty(string folder)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new IOException($"'{folder}' is not empty: choose another --out, or delete it first.");
    }

    // FNV-1a: the same on every machine, unlike string.GetHashCode.
    private static int HashCode(int seed, string name, int index)
    {
        uint hash = 2166136261u ^ (uint)seed;
        foreach (char c in name)
            hash = (hash ^ c) * 16777619;
        return (int)((hash ^ (uint)index) * 16777619 & int.MaxValue);
    }

    private static void Save(string path, RgbImage image)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!); // not null: a file has a folder
        WholeFile.Write(path, ImageEncoder.Png(image));
    }

    private static RgbImage Grey(byte[] mask, int size)
    {
        byte[] pixels = new byte[3 * mask.Length];
        for (int i = 0; i < mask.Length; i++)
            pixels.AsSpan(3 * i, 3).Fill((byte)(255 * mask[i]));
        return new RgbImage(size, size, pixels);
    }
}
