using AaClip.Scoring.Images;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Images;

public class ImageFuzzTests
{
    private const int RandomFiles = 40; // for each seed image; AACLIP_FUZZ in the environment asks for more

    [Fact]
    public void Damaged_files_end_in_an_image_or_a_rejection_soon_and_in_little_memory()
    {
        int random = int.TryParse(Environment.GetEnvironmentVariable("AACLIP_FUZZ"), out int asked) ? asked : RandomFiles;
        List<string> wrong = [];
        int files = 0, rejected = 0;
        long before = Environment.WorkingSet, most = before;

        foreach ((string name, byte[] seed) in Seeds())
            foreach ((string what, byte[] file) in ImageMutator.Mutate(name, seed, random, randomSeed: 20250306))
            {
                rejected += Outcome(file, what, wrong);
                files++;
                most = Math.Max(most, Environment.WorkingSet);
            }

        Assert.Empty(wrong);
        Assert.InRange(rejected, 200, files);
        Assert.InRange(most - before, 0, 600L * 1024 * 1024);
        TestContext.Current.TestOutputHelper?.WriteLine($"{files} files, {rejected} rejected, {(most - before) >> 20} MB more at most.");
    }

    /// <summary>1 where the default mode rejected the file.</summary>
    private static int Outcome(byte[] file, string what, List<string> wrong)
    {
        int rejected = 0;
        foreach (bool parity in (bool[])[false, true])
        {
            TimeSpan start = ThreadClock.Now;
            try
            {
                DecodedImage decoded = ImageDecoder.Decode(file, what, new DecodeOptions { Parity = parity });
                if (decoded.Image.Pixels.Length != decoded.StoredWidth * decoded.StoredHeight * 3)
                    wrong.Add($"{what}: {decoded.Image.Pixels.Length} bytes for {decoded.StoredWidth} x {decoded.StoredHeight}");
            }
            catch (ImageRejectedException)
            {
                rejected += parity ? 0 : 1;
            }
            catch (Exception e)
            {
                wrong.Add($"{what}: {e.GetType().Name} {e.Message}");
            }

            TimeSpan taken = ThreadClock.Now - start;
            if (taken > TimeSpan.FromSeconds(2))
                wrong.Add($"{what}: took {taken.TotalSeconds:F1} s");
        }

        return rejected;
    }

    private static IEnumerable<(string Name, byte[] File)> Seeds()
    {
        byte[] jpeg = ImageEncoder.Jpeg(TestImages.Gradient);
        yield return ("jpeg", jpeg);
        yield return ("exif.jpeg", TestImages.WithOrientation(jpeg, 6));
        yield return ("png", ImageEncoder.Png(TestImages.Gradient));
        yield return ("16.png", ImageEncoder.Png16(20, 20, [.. Enumerable.Range(0, 400).Select(v => (ushort)(v * 160))]));
        yield return ("bmp", TestImages.Bmp24(TestImages.Gradient));
        yield return ("packed.bmp", TestImages.Bmp(4, 2, 8, [[3, 2, 1, 1, 0, 0, 0, 4, 0, 1, 2, 3, 0, 1]], [(0, 0, 0), (9, 9, 9), (8, 8, 8), (7, 7, 7)], compression: 1));
        yield return ("tiff", TestImages.Tiff(41, 27, 8, 3, TestImages.Gradient.Pixels));
        foreach (string sample in (string[])["progressive.jpg", "cmyk.jpg", "rgb16.png", "lzw.tif", "deflate.tif", "pages.tif", "lossless.webp", "lossy.webp", "animated.webp"])
            yield return (sample, TestImages.Sample(sample));
    }
}
