using System.Buffers;
using System.Runtime.InteropServices;
using SixLabors.ImageSharp.PixelFormats;

namespace SixLabors.ImageSharp.Decoding;

/// <summary>What libvips read from a header. Orientation is null where the file names none (and for TIFF, as in the package).</summary>
internal readonly record struct VipsHeader(int Width, int Height, ushort? Orientation);

/// <summary>Reads and writes image files by libvips.</summary>
internal static unsafe class VipsFile
{
    /// <summary>
    /// libvips has one error text for the whole process. Normal work holds the read side; work that failed is repeated alone, on
    /// the write side, so that the text read afterwards is its own.
    /// </summary>
    private static readonly ReaderWriterLockSlim ErrorOwner = new();

    public static VipsHeader ReadHeader(ReadOnlySpan<byte> data)
    {
        fixed (byte* bytes = data)
        {
            bool tiff = data.StartsWith("II"u8) || data.StartsWith("MM"u8);
            Work<VipsHeader> work = (nint image, out VipsHeader header) =>
            {
                bool named = !tiff && Vips.TypeOf(image, "orientation") != 0;
                header = new VipsHeader(Vips.Width(image), Vips.Height(image), named ? (ushort)Vips.Orientation(image) : null);
                return true;
            };
            return Run(bytes, data.Length, work);
        }
    }

    public static Image<TPixel> Decode<TPixel>(ReadOnlySpan<byte> data)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        fixed (byte* bytes = data)
            return Run<Image<TPixel>>(bytes, data.Length, TryDecode);
    }

    public static byte[] Encode<TPixel>(Image<TPixel> image, string suffix)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        Vips.Start();
        bool deep = typeof(TPixel) != typeof(Rgb24), grey = typeof(TPixel) == typeof(L16);
        int bands = grey ? 1 : 3;
        nint source = 0, marked = 0;
        byte* file = null;
        nuint length = 0;
        fixed (byte* pixels = image.Bytes)
        {
            try
            {
                source = Vips.NewFromMemory(pixels, (nuint)image.Bytes.Length, image.Width, image.Height, bands, deep ? Vips.Ushort : Vips.Uchar);
                // plain memory says nothing of its meaning, and without it 16-bit samples would be clipped to 8 on writing
                if (source == 0
                    || Vips.Copy(source, &marked, "interpretation", grey ? Vips.Grey16 : deep ? Vips.Rgb16 : Vips.Srgb, 0) != 0
                    || Vips.WriteToBuffer(marked, suffix, &file, &length, 0) != 0)
                    throw new InvalidOperationException($"libvips could not write {image.Width} x {image.Height} pixels as '{suffix}': {Vips.ErrorText()}");
                return new ReadOnlySpan<byte>(file, checked((int)length)).ToArray();
            }
            finally
            {
                Vips.Free(file);
                if (marked != 0)
                    Vips.Unref(marked);
                if (source != 0)
                    Vips.Unref(source);
            }
        }
    }

    private delegate bool Work<T>(nint image, out T result);

    /// <summary>Strictness is libvips' fail_on: "warning" for JPEG, whose cut-off or broken data is only a warning; "error" elsewhere.</summary>
    private static T Run<T>(byte* bytes, int length, Work<T> work)
    {
        Vips.Start();
        bool jpeg = length > 2 && bytes[0] == 0xFF && bytes[1] == 0xD8;
        T result;
        ErrorOwner.EnterReadLock();
        try
        {
            if (TryOpen(bytes, length, jpeg ? "warning" : "error", work, out result))
                return result;
        }
        finally
        {
            ErrorOwner.ExitReadLock();
        }

        ErrorOwner.EnterWriteLock();
        try
        {
            Vips.ErrorClear();
            if (TryOpen(bytes, length, jpeg ? "warning" : "error", work, out result))
                return result;
            string text = Vips.ErrorText();
            // Padding between segments, which some cameras write, harms no pixel.
            if (jpeg && text.Contains("extraneous bytes before marker", StringComparison.Ordinal) && TryOpen(bytes, length, "error", work, out result))
                return result;
            throw text.Contains("is not in a known format", StringComparison.Ordinal) ? new UnknownImageFormatException(text) : new InvalidImageContentException(text);
        }
        finally
        {
            Vips.ErrorClear();
            ErrorOwner.ExitWriteLock();
        }
    }

    private static bool TryOpen<T>(byte* bytes, int length, string failOn, Work<T> work, out T result)
    {
        nint image = Vips.NewFromBuffer(bytes, (nuint)length, $"[access=sequential,fail_on={failOn}]", 0);
        if (image == 0)
        {
            result = default!; // never read: the caller sees false
            return false;
        }

        try
        {
            return work(image, out result);
        }
        finally
        {
            Vips.Unref(image);
        }
    }

    private static bool TryDecode<TPixel>(nint source, out Image<TPixel> result)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        int width = Vips.Width(source), height = Vips.Height(source), bands = Vips.Bands(source), format = Vips.Format(source);
        bool cmyk = Vips.Interpretation(source) == Vips.Cmyk;
        if (format is not (Vips.Uchar or Vips.Ushort) || bands < 1)
            throw new InvalidImageContentException($"its samples are of libvips format {format}, which is not 8 or 16 bit unsigned");

        result = new Image<TPixel>(width, height);
        byte[]? scratch = null;
        bool done = false;
        try
        {
            bool direct = typeof(TPixel) == typeof(Rgb24) && bands == 3 && format == Vips.Uchar;
            int length = checked(width * height * bands * (format == Vips.Ushort ? 2 : 1));
            Span<byte> samples = direct ? result.Bytes : (scratch = ArrayPool<byte>.Shared.Rent(length)).AsSpan(0, length);
            done = Write(source, samples, width, height, bands, format);
            if (done && !direct && format == Vips.Ushort)
                PixelConversion.FromSixteenBit(MemoryMarshal.Cast<byte, ushort>(samples), bands, result.Pixels);
            else if (done && !direct)
                PixelConversion.FromEightBit(samples, bands, cmyk, result.Pixels);
            return done;
        }
        finally
        {
            if (scratch is not null)
                ArrayPool<byte>.Shared.Return(scratch);
            if (!done)
                result.Dispose();
        }
    }

    /// <summary>Runs the pipeline straight into the given memory.</summary>
    private static bool Write(nint source, Span<byte> samples, int width, int height, int bands, int format)
    {
        fixed (byte* memory = samples)
        {
            nint target = Vips.NewFromMemory(memory, (nuint)samples.Length, width, height, bands, format);
            if (target == 0)
                return false;
            int failed = Vips.Write(source, target);
            Vips.Unref(target);
            return failed == 0;
        }
    }
}
