using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tests.Images;

/// <summary>What a refused file is told, to the letter.</summary>
internal static class Refusal
{
    /// <summary>The file is not what its own words promise.</summary>
    public static void Damaged(ImageFileFormat format, string trouble, byte[] file) =>
        Equal(
            ImageRejection.Damaged,
            $"Image 'cam/1' is cut off or damaged: the {format} file has {file.Length} bytes, and {trouble}. "
                + "Upload it again once it is written completely.",
            file
        );

    /// <summary>The file is of a kind that is not read.</summary>
    public static void NotRead(string kind, byte[] file, string remedy = "save it as PNG") =>
        Equal(ImageRejection.UnknownFormat, $"Image 'cam/1' is {kind}, which is not read: {remedy}.", file);

    private static void Equal(ImageRejection code, string message, byte[] file)
    {
        ImageRejectedException e = Assert.Throws<ImageRejectedException>(() => ImageDecoder.Decode(file, "cam/1"));

        Assert.Equal((code, message), (e.Code, e.Message));
    }
}
