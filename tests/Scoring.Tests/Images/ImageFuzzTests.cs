using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using AaClip.Scoring.Images;
using AaClip.Tests;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Scoring.Tests.Images;

/// <summary>Runs tests/Fuzz: a decoder that ends the process or never ends would take the other tests with it.</summary>
public partial class ImageFuzzTests
{
    private const string Files = "8000"; // AACLIP_FUZZ in the environment asks for more

    [Fact]
    public async Task Damaged_files_end_in_an_image_or_a_rejection_soon_and_in_little_memory()
    {
        string files = Environment.GetEnvironmentVariable("AACLIP_FUZZ") is { Length: > 0 } asked ? asked : Files;
        DirectoryInfo folder = Directory.CreateTempSubdirectory("aaclip-fuzz-");
        string number = folder.FullName + ".number";
        try
        {
            foreach ((string name, byte[] file) in Seeds())
                await File.WriteAllBytesAsync(Path.Combine(folder.FullName, name), file, TestContext.Current.CancellationToken);

            (int exit, string output) = await RunAsync(folder.FullName, files, number);

            TestContext.Current.TestOutputHelper?.WriteLine(output);
            Assert.True(exit == 0, $"Ended with {exit} at file {(File.Exists(number) ? File.ReadAllText(number) : "none")}: {output}");
            Match summary = Summary().Match(output);
            Assert.True(summary.Success, output);
            Assert.InRange(int.Parse(summary.Groups["refused"].Value, CultureInfo.InvariantCulture), 1000, int.MaxValue);
            Assert.InRange(int.Parse(summary.Groups["peak"].Value, CultureInfo.InvariantCulture), 1, 400); // MB, at 4 million pixels
        }
        finally
        {
            folder.Delete(recursive: true);
            File.Delete(number);
        }
    }

    private static async Task<(int Exit, string Output)> RunAsync(params string[] arguments)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        string program = Path.Combine(AppContext.BaseDirectory, "..", "..", "Fuzz", configuration, "AaClip.Fuzz");
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start.");
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, output + await errors);
        }
        finally
        {
            process.Kill();
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
        yield return ("packed.bmp", TestImages.Bmp(4, 2, 8, [[3, 2, 1, 1, 0, 0, 0, 4, 0, 1, 2, 3, 0, 1]], colors, compression: 1));
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

    [GeneratedRegex(@"(?<refused>\d+) refused, 0 wrong, slowest \d+ ms \(#\d+\), peak (?<peak>\d+) MB")]
    private static partial Regex Summary();
}
