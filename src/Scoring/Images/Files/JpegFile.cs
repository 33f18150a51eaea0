using System.Buffers.Binary;

namespace AaClip.Scoring.Images.Files;

/// <summary>
/// Reads the markers of a JPEG (ITU-T T.81, annex B) and checks its coded data. The end-of-image marker may be missing, because some
/// cameras omit it, but every block must be present. The decoder gets only the tables, scans and colour space.
/// </summary>
internal sealed class JpegFile
{
    private const int MostScans = 100; // a progressive file has about ten; thousands would cost too much time
    private const int MostSegments = 1000;

    private static readonly byte[] Start = [0xFF, 0xD8];
    private static readonly byte[] Jfif = [0xFF, 0xE0, 0, 16, .. "JFIF\0"u8, 1, 1, 0, 0, 1, 0, 1, 0, 0];

    /// <summary>End marker and 16 padding bytes: at the end of a stream ImageSharp stops before the last blocks.</summary>
    private static readonly byte[] End = [0xFF, 0xD9, .. new byte[16]];

    private readonly ImageFile _file;
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly List<ReadOnlyMemory<byte>> _parts = [];
    private readonly JpegCodes?[] _dc = new JpegCodes?[4],
        _ac = new JpegCodes?[4];
    private readonly bool[] _quantization = new bool[4];
    private JpegFrame? _frame;
    private ReadOnlyMemory<byte> _restart;
    private ReadOnlyMemory<byte> _adobe;
    private bool _jfif;
    private int _orientation = 1;
    private int _scans;

    private JpegFile(ImageFile file)
    {
        _file = file;
        _bytes = file.Bytes;
    }

    /// <exception cref="ImageRejectedException">
    /// A part is missing, the size is outside the limits, or the kind is not supported.
    /// </exception>
    public static ImageStructure Read(ImageFile file) => new JpegFile(file).Read();

    /// <summary>Finds the next marker at or after an index and moves the index past it. -1 if there is none.</summary>
    public static int NextMarker(ReadOnlySpan<byte> data, ref int at)
    {
        while (true)
        {
            int skip = data[at..].IndexOf((byte)0xFF);
            at = skip < 0 ? data.Length : at + skip;
            while (at < data.Length && data[at] == 0xFF)
                at++; // fill bytes
            if (at == data.Length)
                return -1;
            if (data[at++] is var marker and not 0) // in coded data FF is followed by a stuffed zero
                return marker;
        }
    }

    private ImageStructure Read()
    {
        ReadOnlySpan<byte> file = _bytes.Span;
        int at = 2;
        while (NextMarker(file, ref at) is var marker and not (-1 or 0xD9))
        {
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
                continue; // markers without a length field
            int start = at - 2;
            int length = at + 2 > file.Length ? 0 : BinaryPrimitives.ReadUInt16BigEndian(file[at..]);
            if (length < 2 || at + length > file.Length)
                throw _file.Damaged($"the segment at byte {start} is not whole");
            ReadOnlyMemory<byte> content = _bytes.Slice(at + 2, length - 2);
            at += length;
            switch (marker)
            {
                case 0xC4:
                    ReadCodes(content.Span);
                    break;
                case 0xDB:
                    ReadQuantization(content.Span);
                    break;
                case 0xDD when content.Length == 2:
                    _restart = content;
                    break;
                case >= 0xC0 and <= 0xCF and not 0xC8:
                    ReadFrame(marker, content.Span);
                    break;
                case 0xDA:
                    at += ReadScan(content.Span, at);
                    break;
                case 0xE0:
                    _jfif |= content.Span.StartsWith("JFIF\0"u8);
                    continue;
                case 0xE1:
                    ReadExif(content);
                    continue;
                case 0xEE when content.Span.StartsWith("Adobe"u8):
                    _adobe = _bytes[start..at];
                    continue;
                default:
                    continue; // not needed by the decoder
            }

            if (_parts.Count == MostSegments)
                throw _file.Damaged($"it has more than {MostSegments} segments");
            if (marker == 0xDA && !_restart.IsEmpty)
                // otherwise ImageSharp continues its restart count from one scan to the next
                _parts.Add((byte[])[0xFF, 0xDD, 0, 4, .. _restart.Span]);
            _parts.Add(_bytes[start..at]);
        }

        if (_frame is null || _scans == 0)
            throw _file.Damaged("it ends without any image data");
        if (_frame.Components.FirstOrDefault(c => !c.Complete) is { } cut)
            throw _file.Damaged($"scans of component {cut.Id} are missing at its end");
        SplicedStream checkedParts = new([Start, ColorSpace(), .. _parts, End]);
        return new ImageStructure(_frame.Width, _frame.Height, checkedParts) { Orientation = _orientation };
    }

    /// <summary>
    /// The segment that tells ImageSharp which colour space libjpeg would assume; without it ImageSharp may assume another one.
    /// </summary>
    private ReadOnlyMemory<byte> ColorSpace() =>
        _frame!.Components switch
        {
            { Length: 3 } when _jfif => Jfif,
            { Length: 3 } c when _adobe.IsEmpty && (c[0].Id, c[1].Id, c[2].Id) != ((byte)'R', (byte)'G', (byte)'B') => Jfif,
            _ => _adobe,
        };

    private void ReadFrame(int marker, ReadOnlySpan<byte> content)
    {
        if (marker > 0xC2)
            throw _file.NotRead(
                marker switch
                {
                    0xC3 or 0xC7 => "a JPEG with lossless coding",
                    < 0xC8 => "a JPEG with hierarchical coding",
                    _ => "a JPEG with arithmetic coding",
                }
            );
        if (_frame is not null)
            throw _file.Damaged("it has a second frame header");
        if (content.Length < 6 || content.Length != 6 + (3 * content[5]))
            throw _file.Damaged("its frame header is not whole");
        if (content[5] is not (1 or 3 or 4))
            throw _file.NotRead($"a JPEG of {content[5]} colour components");
        (int height, int width) = (BinaryPrimitives.ReadUInt16BigEndian(content[1..]), BinaryPrimitives.ReadUInt16BigEndian(content[3..]));
        _file.CheckSize(width, height);
        JpegComponent[] components = new JpegComponent[content[5]];
        for (int i = 0; i < components.Length; i++)
        {
            ReadOnlySpan<byte> fields = content.Slice(6 + (3 * i), 3);
            components[i] = new JpegComponent(fields[0], fields[1] >> 4, fields[1] & 15, fields[2]);
        }

        if (components.Any(c => c.H is < 1 or > 4 || c.V is < 1 or > 4 || c.Quantization > 3))
            throw _file.Damaged("its frame header makes no sense");
        if (components.Any(c => components.Max(o => o.H) % c.H != 0 || components.Max(o => o.V) % c.V != 0))
            throw _file.NotRead("a JPEG whose colours are stored at two thirds of its size");
        _frame = new JpegFrame(marker == 0xC2, width, height, components);
        if (_frame.Progressive)
            foreach (JpegComponent component in components)
                component.NonZero = new ulong[_frame.Blocks(component).Wide * _frame.Blocks(component).High];
    }

    /// <returns>Number of bytes of coded data after the header.</returns>
    private int ReadScan(ReadOnlySpan<byte> content, int at)
    {
        if (_frame is null || content.IsEmpty || content[0] is 0 or > 4 || content.Length != 4 + (2 * content[0]))
            throw _file.Damaged($"the scan header before byte {at} is not whole");
        if (++_scans > MostScans)
            throw _file.Damaged($"it has more than {MostScans} scans");
        (JpegComponent Component, JpegCodes? Dc, JpegCodes? Ac)[] parts = new (JpegComponent, JpegCodes?, JpegCodes?)[content[0]];
        for (int i = 0; i < parts.Length; i++)
        {
            (byte id, int dc, int ac) = (content[1 + (2 * i)], content[2 + (2 * i)] >> 4, content[2 + (2 * i)] & 15);
            JpegComponent? component = _frame.Components.FirstOrDefault(c => c.Id == id);
            if (component is null || dc > 3 || ac > 3 || parts.Any(p => p.Component == component))
                throw _file.Damaged($"the scan header before byte {at} makes no sense");
            if (!_quantization[component.Quantization])
                throw _file.Damaged($"quantization table {component.Quantization} is missing before byte {at}");
            parts[i] = (component, _dc[dc], _ac[ac]);
        }

        bool whole = !_frame.Progressive; // sequential: all coefficients in one scan, whatever its header says
        (int first, int last, int high, int low) = whole ? (0, 63, 0, 0) : (content[^3], content[^2], content[^1] >> 4, content[^1] & 15);
        if (whole && parts.Length != 1 && parts.Length != _frame.Components.Length)
            throw _file.NotRead("a JPEG that has some of its colours in one scan and some in others");
        bool bandIsWrong = !whole && (first == 0 ? last != 0 : last < first || last > 63 || parts.Length > 1);
        if (bandIsWrong || low > 13 || (high != 0 && high != low + 1))
            throw _file.Damaged($"the scan header before byte {at} makes no sense");
        bool usesDc = first == 0 && high == 0,
            usesAc = last > 0;
        if (parts.Any(p => (usesDc && p.Dc is null or { TooWideForDc: true }) || (usesAc && p.Ac is null)))
            throw _file.Damaged($"a Huffman table is missing before byte {at}");
        int restart = _restart.IsEmpty ? 0 : BinaryPrimitives.ReadUInt16BigEndian(_restart.Span);
        JpegScan scan = new(_frame, parts, first, last, high != 0, low, restart);
        return scan.Walk(_bytes.Span[at..], out int end) is { } trouble ? throw _file.Damaged(trouble) : end;
    }

    private void ReadCodes(ReadOnlySpan<byte> content)
    {
        while (!content.IsEmpty)
        {
            int total = 0;
            foreach (byte count in content.Length < 17 ? [] : content.Slice(1, 16))
                total += count;
            if (
                content.Length < 17 + total
                || total > 256
                || (content[0] & 0xEC) != 0
                || JpegCodes.Read(content.Slice(1, 16), content.Slice(17, total), dc: content[0] < 16) is not { } codes
            )
                throw _file.Damaged("one of its Huffman tables makes no sense");
            (content[0] < 16 ? _dc : _ac)[content[0] & 3] = codes;
            content = content[(17 + total)..];
        }
    }

    private void ReadQuantization(ReadOnlySpan<byte> content)
    {
        while (!content.IsEmpty)
        {
            int size = content[0] < 16 ? 65 : 129;
            if ((content[0] & 0xEC) != 0 || content.Length < size)
                throw _file.Damaged("one of its quantization tables makes no sense");
            _quantization[content[0] & 3] = true;
            content = content[size..];
        }
    }

    private void ReadExif(ReadOnlyMemory<byte> content)
    {
        if (_orientation == 1 && content.Span.StartsWith("Exif\0\0"u8))
            _orientation = TiffDirectory.Orientation(content[6..]);
    }
}
