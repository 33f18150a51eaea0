using AaClip.Scoring.Images;
using AaClip.Tests;

namespace AaClip.Cli.Tests;

/// <summary>A folder of one test, with drawn photos in it.</summary>
internal sealed class PhotoFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("aaclip-cli-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Draws a photo; PNG or JPEG by its name.</summary>
    public string Photo(string name, int seed = 1, int width = 150, int height = 130)
    {
        RgbImage image = Pictures.Draw(seed, width, height);
        return Write(name, name.EndsWith(".png", StringComparison.Ordinal) ? ImageEncoder.Png(image) : ImageEncoder.Jpeg(image));
    }

    public string Write(string name, byte[] content)
    {
        string path = File(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!); // below this folder
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>The same JPEG with an EXIF segment that holds an orientation.</summary>
    public static byte[] Turned(byte[] jpeg, int orientation)
    {
        byte[] exif = [.. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];
        return [.. jpeg.AsSpan(0, 2), 0xFF, 0xE1, 0, (byte)(2 + exif.Length), .. exif, .. jpeg.AsSpan(2)];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
