using System.Buffers.Binary;

namespace AaClip.Fuzz;

/// <summary>Damages image files in the ways that transfers, disks and ill will do. The same seed gives the same files.</summary>
internal static class ImageMutator
{
    private static readonly uint[] Lies = [0, 1, 7, 60_000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF];

    /// <summary>About 90 files for each good one: cut, overwritten, and with a lie in every place of the header in turn.</summary>
    public static IEnumerable<(string What, byte[] File)> Systematic(string name, byte[] good, int randomSeed)
    {
        Random dice = new(randomSeed);
        for (int part = 0; part < 10; part++)
            yield return ($"{name}, first {part} tenths", good[..(good.Length * part / 10)]);
        yield return ($"{name}, one byte", good[..1]);
        yield return ($"{name}, last byte missing", good[..^1]);
        yield return ($"{name}, second half zero", [.. good[..(good.Length / 2)], .. new byte[good.Length - (good.Length / 2)]]);
        yield return ($"{name}, junk behind", [.. good, .. Noise(dice, 5000)]);
        yield return ($"{name}, signature and junk", [.. good[..Math.Min(12, good.Length)], .. Noise(dice, 5000)]);
        for (int at = 4; at + 4 <= Math.Min(good.Length, 48); at += 4)
            foreach (uint lie in Lies)
            {
                byte[] file = [.. good];
                uint value = dice.Next(2) == 0 ? lie : BinaryPrimitives.ReverseEndianness(lie);
                BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + dice.Next(4) - 3), value);
                FixChecksums(file);
                yield return ($"{name}, {value:X8} near byte {at}", file);
            }
    }

    /// <summary>A file that was hit in one to 32 places, and may have lost or doubled a piece.</summary>
    public static byte[] Shake(byte[] good, Random dice)
    {
        byte[] file = [.. good];
        for (int times = 1 << dice.Next(6); times > 0; times--)
        {
            (int start, int reach) = dice.Next(2) == 0 ? Header(file) : (0, file.Length); // headers are hit as often as all the rest
            int at = start + dice.Next(reach);
            switch (dice.Next(5))
            {
                case 0:
                    file[at] ^= (byte)(1 << dice.Next(8));
                    break;
                case 1:
                    file[at] = (byte)(dice.Next(2) * 255);
                    break;
                case 2:
                    (file[at], file[dice.Next(file.Length)]) = (file[dice.Next(file.Length)], file[at]);
                    break;
                case 3 when at + 4 <= file.Length:
                    BitConverter.TryWriteBytes(file.AsSpan(at), Lies[dice.Next(Lies.Length)]);
                    break;
                default:
                    file[at] = (byte)dice.Next(256);
                    break;
            }
        }

        if (dice.Next(3) == 0)
            file = [.. file.AsSpan(0, dice.Next(file.Length)), .. file.AsSpan(dice.Next(file.Length))];
        if (dice.Next(4) != 0)
            FixChecksums(file);
        return file;
    }

    /// <summary>Where a file says what it is: its beginning, or the directory of a TIFF.</summary>
    private static (int Start, int Reach) Header(byte[] file)
    {
        if (file.Length > 8 && file[0] == file[1] && file[0] is (byte)'I' or (byte)'M')
        {
            uint directory = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(4));
            directory = file[0] == 'I' ? directory : BinaryPrimitives.ReverseEndianness(directory);
            if (directory < file.Length)
                return ((int)directory, file.Length - (int)directory);
        }

        return (0, Math.Min(file.Length, 200));
    }

    /// <summary>Gives the chunks of a PNG their right checksums, so that a lie in them is believed.</summary>
    private static void FixChecksums(byte[] file)
    {
        if (file.Length < 8 || file[0] != 0x89)
            return;
        for (long at = 8; at + 12 <= file.Length; )
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan((int)at));
            if (at + 12 + length > file.Length)
                return;
            uint crc = uint.MaxValue;
            foreach (byte b in file.AsSpan((int)at + 4, (int)length + 4))
            {
                crc ^= b;
                for (int i = 0; i < 8; i++)
                    crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }

            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan((int)(at + 8 + length)), ~crc);
            at += 12 + length;
        }
    }

    private static byte[] Noise(Random dice, int count)
    {
        byte[] bytes = new byte[count];
        dice.NextBytes(bytes);
        return bytes;
    }
}
