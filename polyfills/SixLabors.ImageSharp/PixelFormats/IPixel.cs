namespace SixLabors.ImageSharp.PixelFormats;

/// <summary>A pixel type. In this subset only the types of this folder implement it.</summary>
public interface IPixel<TSelf> : IPixel, IEquatable<TSelf>
    where TSelf : unmanaged, IPixel<TSelf>;

/// <summary>A pixel type of any kind.</summary>
public interface IPixel;
