using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SixLabors.ImageSharp.Decoding;

/// <summary>
/// The C functions of libvips that are called. Functions with a variable argument list are declared with the one list used here,
/// ended by a null; no floating point value is passed in one, for which the Linux calling conventions would need more than this.
/// </summary>
internal static unsafe partial class Vips
{
    public const int Uchar = 0;  // VipsBandFormat
    public const int Ushort = 2;
    public const int Cmyk = 15;  // VipsInterpretation
    public const int Srgb = 22;
    public const int Rgb16 = 25;
    public const int Grey16 = 26;

    private const string Library = "libvips-cpp";
    private const int AllLevels = 0xFF << 2; // every GLogLevelFlags level, without the fatal and recursion bits

    private static readonly string[] Readable = ["VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadTiff", "VipsForeignLoadWebp"];

    static Vips()
    {
        if (Init("aaclip") != 0)
            throw new InvalidOperationException($"libvips did not start: {ErrorText()}");
        CacheSetMax(0); // results are never asked for twice: the cache would only hold memory
        ConcurrencySet(1); // one image is not decoded faster by more threads, and callers decode several images at once
        OperationBlockSet("VipsForeignLoad", 1); // only the formats below can be reached by bytes from outside
        foreach (string loader in Readable)
            OperationBlockSet(loader, 0);
        foreach (string domain in (string[])["VIPS", "GLib-GObject"])
            LogSetHandler(domain, AllLevels, &Ignore, 0); // warnings are turned into errors or dropped, never printed
    }

    /// <summary>Makes sure that the library has started.</summary>
    public static void Start() => RuntimeHelpers.RunClassConstructor(typeof(Vips).TypeHandle);

    public static string ErrorText() => (Marshal.PtrToStringUTF8(ErrorBuffer()) ?? "").Trim().ReplaceLineEndings("; ");

    [LibraryImport(Library, EntryPoint = "vips_image_new_from_buffer", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint NewFromBuffer(byte* data, nuint length, string options, nint end);

    [LibraryImport(Library, EntryPoint = "vips_image_new_from_memory")]
    public static partial nint NewFromMemory(byte* data, nuint length, int width, int height, int bands, int format);

    [LibraryImport(Library, EntryPoint = "vips_image_write")]
    public static partial int Write(nint image, nint target);

    [LibraryImport(Library, EntryPoint = "vips_image_write_to_buffer", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int WriteToBuffer(nint image, string suffix, byte** data, nuint* length, nint end);

    [LibraryImport(Library, EntryPoint = "vips_copy", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Copy(nint image, nint* result, string property, int value, nint end);

    [LibraryImport(Library, EntryPoint = "vips_image_get_width")]
    public static partial int Width(nint image);

    [LibraryImport(Library, EntryPoint = "vips_image_get_height")]
    public static partial int Height(nint image);

    [LibraryImport(Library, EntryPoint = "vips_image_get_bands")]
    public static partial int Bands(nint image);

    [LibraryImport(Library, EntryPoint = "vips_image_get_format")]
    public static partial int Format(nint image);

    [LibraryImport(Library, EntryPoint = "vips_image_get_interpretation")]
    public static partial int Interpretation(nint image);

    [LibraryImport(Library, EntryPoint = "vips_image_get_typeof", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nuint TypeOf(nint image, string field);

    [LibraryImport(Library, EntryPoint = "vips_image_get_orientation")]
    public static partial int Orientation(nint image);

    [LibraryImport(Library, EntryPoint = "g_object_unref")]
    public static partial void Unref(nint handle);

    [LibraryImport(Library, EntryPoint = "g_free")]
    public static partial void Free(byte* data);

    [LibraryImport(Library, EntryPoint = "vips_error_clear")]
    public static partial void ErrorClear();

    [LibraryImport(Library, EntryPoint = "vips_error_buffer")]
    private static partial nint ErrorBuffer();

    [LibraryImport(Library, EntryPoint = "vips_init", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Init(string program);

    [LibraryImport(Library, EntryPoint = "vips_cache_set_max")]
    private static partial void CacheSetMax(int operations);

    [LibraryImport(Library, EntryPoint = "vips_concurrency_set")]
    private static partial void ConcurrencySet(int threads);

    [LibraryImport(Library, EntryPoint = "vips_operation_block_set", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void OperationBlockSet(string name, int blocked);

    [LibraryImport(Library, EntryPoint = "g_log_set_handler", StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint LogSetHandler(string domain, int levels, delegate* unmanaged<byte*, int, byte*, nint, void> handler, nint data);

    [UnmanagedCallersOnly]
    private static void Ignore(byte* domain, int level, byte* message, nint data)
    {
    }
}
