using System.Diagnostics.CodeAnalysis;

namespace SixLabors.ImageSharp.Metadata.Profiles.Exif;

/// <summary>The EXIF values of an image. This subset carries the orientation alone.</summary>
public sealed class ExifProfile
{
    private readonly Dictionary<ExifTag, object> _values = [];

    public bool TryGetValue<TValueType>(ExifTag<TValueType> tag, [NotNullWhen(true)] out IExifValue<TValueType>? exifValue)
    {
        exifValue = _values.TryGetValue(tag, out object? value) ? (IExifValue<TValueType>)value : null;
        return exifValue is not null;
    }

    public void SetValue<TValueType>(ExifTag<TValueType> tag, TValueType value)
        where TValueType : notnull => _values[tag] = new ExifValue<TValueType> { Value = value };

    private sealed class ExifValue<TValueType> : IExifValue<TValueType>
    {
        public TValueType? Value { get; set; }
    }
}
