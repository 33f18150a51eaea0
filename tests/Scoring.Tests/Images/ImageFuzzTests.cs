using AaClip.Scoring.Images;
using AaClip.Tests;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Scoring.Tests.Images;

/// <summary>Damaged images, in a process of their own (tests/Fuzz).</summary>
public class ImageFuzzTests
{
    private const int Files = 8000;

    [Fact]
    public async Task Damaged_files_end_in_an_image_or_a_rejection_soon_and_in_little_memory()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("aaclip-fuzz-");
        try
        {
            foreach ((string name, byte[] file) in Seeds())
                await File.WriteAllBytesAsync(Path.Combine(folder.FullName, name), file, TestContext.Current.CancellationToken);

            (int refused, int peak) = await FuzzProcess.RunAsync("images", folder.FullName, Files, TestContext.Current.CancellationToken);

            Assert.InRange(refused, 1000, int.MaxValue);
            Assert.InRange(peak, 1, 400); // MB, at 4 million pixels
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static IEnumerable<(string Name, byte[] File)> Seeds()
    {
        byte[] jpeg = ImageEncoder.Jpeg(TestImages.Gradient);
        yield return ("a.jpg", jpeg);
        yield return ("exif.jpg", TestImages.WithOrientation(jpeg, 6));
        yield return ("a.png", ImageEncoder.Png(TestImages.Gradient));
        yield return ("16.png", ImageEncoder.Png16(20, 20, [.. Enumerable.Range(0, 400).Select(v => (ushort)(v * 160))]));
        yield return ("interlaced.png", Interlaced(PngColorType.Rgb));
        yield return ("interlaced-palette.png", Interlaced(PngColorType.Palette));
        yield return ("a.bmp", TestImages.Bmp24(TestImages.Gradient));
        (byte, byte, byte)[] colors = [(0, 0, 0), (9, 9, 9), (8, 8, 8), (7, 7, 7)];
        yield return (
            "packed.bmp",
            TestImages.Bmp(
                4,
                2,
                8,
                [
                    [3, 2, 1, 1, 0, 0, 0, 4, 0, 1, 2, 3, 0, 1],
                ],
                colors,
                compression: 1
            )
        );
        yield return ("a.tif", TestImages.Tiff(41, 27, 8, 3, TestImages.Gradient.Pixels));
        yield return ("big-endian.tif", TestImages.Tiff(41, 9, 16, 1, TestImages.Gradient.Pixels[..(41 * 9 * 2)], little: false));
        yield return ("packbits.tif", PackBits());
        foreach (string sample in Directory.GetFiles(TestImages.SampleFolder))
            yield return (Path.GetFileName(sample), File.ReadAllBytes(sample));
    }

    private static byte[] Interlaced(PngColorType type)
    {
        using Image<Rgb24> image = Image.LoadPixelData<Rgb24>(TestImages.Gradient.Pixels, 41, 27);
        using MemoryStream file = new();
        image.SaveAsPng(file, new PngEncoder { InterlaceMethod = PngInterlaceMode.Adam7, ColorType = type });
        return file.ToArray();
    }

    private static byte[] PackBits()
    {
        byte[] rows = [.. Enumerable.Range(0, 27).SelectMany(y => (byte[])[256 - 40, (byte)(y * 9)])]; // 41 times one value
        return TestImages.Tiff(rows, [.. TestImages.TiffFields(41, 27, 8, 1, rows.Length).Where(f => f.Tag != 259), (259, 3, [32773])]);
    }
}
