namespace SixLabors.ImageSharp;

/// <summary>An image cannot be read.</summary>
public class ImageFormatException : Exception
{
    internal ImageFormatException(string errorMessage)
        : base(errorMessage)
    {
    }
}

/// <summary>The bytes are of a known format, but damaged or of a kind that the decoder does not read.</summary>
public sealed class InvalidImageContentException(string errorMessage) : ImageFormatException(errorMessage);

/// <summary>The bytes are of no known format.</summary>
public sealed class UnknownImageFormatException(string errorMessage) : ImageFormatException(errorMessage);
