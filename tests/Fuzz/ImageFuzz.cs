using System.Globalization;
using AaClip.Scoring.Images;

namespace AaClip.Fuzz;

/// <summary>Damaged image files: each gives an image or a refusal.</summary>
internal sealed class ImageFuzz(string folder) : IFuzz
{
    private const int RandomSeed = 20250306;
    private const int MaxPixels = 4_000_000;

    private readonly (string Name, byte[] File)[] _good =
    [
        .. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(f => (Path.GetFileName(f), File.ReadAllBytes(f))),
    ];

    private (string What, byte[] File)[] Systematic =>
        field ??= [.. _good.SelectMany(g => ImageMutator.Systematic(g.Name, g.File, RandomSeed))];

    public (string What, string Outcome) Run(int number)
    {
        (string what, byte[] file) = Damaged(number);
        return (
            string.Create(CultureInfo.InvariantCulture, $"{what}, {file.Length} bytes"),
            $"{Outcome(file, what, parity: false)}, {Outcome(file, what, parity: true)}"
        );
    }

    private (string What, byte[] File) Damaged(int i)
    {
        if (i < Systematic.Length)
            return Systematic[i];
        (string name, byte[] file) = _good[i % _good.Length];
        return ($"{name}, shaken", ImageMutator.Shake(file, new Random(RandomSeed + i)));
    }

    private static string Outcome(byte[] file, string what, bool parity)
    {
        try
        {
            DecodeOptions options = new()
            {
                Parity = parity,
                Limits = new ImageLimits { MaxPixels = MaxPixels },
            };
            DecodedImage image = ImageDecoder.Decode(file, what, options);
            bool whole = image.Image.Pixels.Length == image.StoredWidth * image.StoredHeight * 3;
            return whole ? $"{image.StoredWidth} x {image.StoredHeight}" : "wrong: size";
        }
        catch (ImageRejectedException e)
        {
            return $"refused ({e.Message})";
        }
        catch (Exception e)
        {
            return $"wrong: {e}";
        }
    }
}
