namespace SixLabors.ImageSharp.Metadata.Profiles.Exif;

/// <summary>Names an EXIF value.</summary>
public abstract class ExifTag
{
    internal ExifTag()
    {
    }

    /// <summary>1 to 8: how the stored rows and columns are to be turned for showing.</summary>
    public static ExifTag<ushort> Orientation { get; } = new();
}

/// <summary>Names an EXIF value of a type.</summary>
public sealed class ExifTag<TValueType> : ExifTag
{
    internal ExifTag()
    {
    }
}

/// <summary>One EXIF value.</summary>
public interface IExifValue;

/// <summary>One EXIF value of a type.</summary>
public interface IExifValue<TValueType> : IExifValue
{
    TValueType? Value { get; set; }
}
