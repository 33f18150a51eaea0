using System.IO.Compression;
using System.Text;

namespace AaClip.Scoring.Text;

/// <summary>One learned merge: the two symbols to join, and its line number in the list.</summary>
internal readonly record struct Merge(string Left, string Right, int Line);

/// <summary>
/// Reads and writes merge lists: a "#version" line, then one "left right" pair per line in the order in which they were learned; plain or
/// gzip.
/// </summary>
internal static class MergeList
{
    private const int MaxBytes = 64 << 20; // OpenAI's list is 3.2 MB unpacked
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the first <paramref name="most"/> merges of a list, or all if there are fewer.</summary>
    /// <exception cref="InvalidDataException">The file is not a merge list; the message names the file and the line.</exception>
    public static List<Merge> Read(string path, int most = int.MaxValue)
    {
        using StringReader lines = new(ReadText(path));
        string first = lines.ReadLine() ?? "";
        if (!first.Contains("#version", StringComparison.Ordinal))
            throw new InvalidDataException(
                $"Line 1 of '{path}' is '{Shorten(first)}', expected one with '#version': this is not a merge list such as "
                    + $"bpe_simple_vocab_16e6.txt.gz or merges.txt."
            );

        List<Merge> merges = [];
        int line = 1;
        while (merges.Count < most && lines.ReadLine() is { } text)
        {
            line++;
            if (text.Length == 0 && lines.Peek() < 0)
                break; // an empty last line is only the final line break
            int blank = text.IndexOf(' ');
            if (blank <= 0 || blank == text.Length - 1 || text.IndexOf(' ', blank + 1) >= 0)
                throw new InvalidDataException(
                    $"Line {line} of '{path}' is '{Shorten(text)}', expected two symbols with one blank between them: the file is "
                        + $"damaged, fetch it again."
                );
            merges.Add(new Merge(text[..blank], text[(blank + 1)..], line));
        }

        return merges;
    }

    /// <summary>Writes a list in the format that <see cref="Read"/> reads; gzip if the name ends with ".gz".</summary>
    public static void Write(string path, IEnumerable<Merge> merges)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (Stream file = File.Create(temporary))
            using (
                Stream stream = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)
                    ? new GZipStream(file, CompressionLevel.SmallestSize)
                    : file
            )
            using (StreamWriter text = new(stream, StrictUtf8) { NewLine = "\n" })
            {
                text.WriteLine("#version: 0.2");
                foreach (Merge merge in merges)
                    text.WriteLine($"{merge.Left} {merge.Right}");
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary); // does nothing after the move
        }
    }

    /// <summary>Reads a whole text file of at most 64 MB, unpacked if it is gzip.</summary>
    /// <exception cref="InvalidDataException">The file is too large, damaged, or not UTF-8.</exception>
    public static string ReadText(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            bool packed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            using Stream stream = packed ? new GZipStream(file, CompressionMode.Decompress) : file;
            using MemoryStream whole = new();
            byte[] buffer = new byte[81920];
            for (int n; (n = stream.Read(buffer)) > 0; )
            {
                if (whole.Length + n > MaxBytes)
                    throw new InvalidDataException(
                        $"'{path}' holds more than {MaxBytes >> 20} MB of text, far more than any vocabulary: it is not one, or it "
                            + $"was made to exhaust memory."
                    );
                whole.Write(buffer, 0, n);
            }

            return StrictUtf8.GetString(whole.GetBuffer(), 0, (int)whole.Length);
        }
        catch (Exception e)
            when (e is DecoderFallbackException || (e is InvalidDataException && !e.Message.Contains(path, StringComparison.Ordinal)))
        {
            throw new InvalidDataException($"'{path}' cannot be read as UTF-8 text ({e.Message}): the file is damaged, fetch it again.", e);
        }
    }

    /// <summary>A text cut to at most 60 characters, for messages.</summary>
    internal static string Shorten(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
