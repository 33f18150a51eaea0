using System.Buffers.Binary;

namespace AaClip.Scoring.Tests.Images;

/// <summary>Damages image files in the ways that transfers, disks and ill will do. The same seed gives the same files.</summary>
internal static class ImageMutator
{
    private static readonly uint[] Lies = [0, 1, 60_000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF];

    /// <summary>About 80 files for each seed image, plus as many random ones as asked for.</summary>
    public static IEnumerable<(string What, byte[] File)> Mutate(string name, byte[] seed, int random, int randomSeed)
    {
        Random dice = new(randomSeed);
        for (int part = 0; part < 10; part++)
            yield return ($"{name}, first {part} tenths", seed[..(seed.Length * part / 10)]);
        yield return ($"{name}, one byte", seed[..1]);
        yield return ($"{name}, last byte missing", seed[..^1]);
        yield return ($"{name}, second half zero", [.. seed[..(seed.Length / 2)], .. new byte[seed.Length - (seed.Length / 2)]]);
        yield return ($"{name}, junk behind", [.. seed, .. Noise(dice, 5000)]);
        yield return ($"{name}, signature and junk", [.. seed[..Math.Min(12, seed.Length)], .. Noise(dice, 5000)]);
        for (int at = 4; at + 4 <= Math.Min(seed.Length, 48); at += 4)
            foreach (uint lie in Lies)
            {
                byte[] file = [.. seed];
                uint value = dice.Next(2) == 0 ? lie : BinaryPrimitives.ReverseEndianness(lie);
                BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + dice.Next(4) - 3), value);
                FixHeader(name, file);
                yield return ($"{name}, {value:X8} near byte {at}", file);
            }

        for (int i = 0; i < random; i++)
            yield return ($"{name}, random {i}", Shake(dice, name, [.. seed]));
    }

    private static byte[] Shake(Random dice, string name, byte[] file)
    {
        int times = 1 << dice.Next(6);
        for (int i = 0; i < times; i++)
        {
            int reach = dice.Next(2) == 0 ? Math.Min(file.Length, 200) : file.Length; // headers are hit as often as all the rest
            int at = dice.Next(reach);
            switch (dice.Next(4))
            {
                case 0: file[at] ^= (byte)(1 << dice.Next(8)); break;
                case 1: file[at] = (byte)(dice.Next(2) * 255); break;
                case 2: (file[at], file[dice.Next(file.Length)]) = (file[dice.Next(file.Length)], file[at]); break;
                default: file[at] = (byte)dice.Next(256); break;
            }
        }

        if (dice.Next(3) == 0)
            file = [.. file.AsSpan(0, dice.Next(file.Length)), .. file.AsSpan(dice.Next(file.Length))]; // a piece lost or doubled
        if (dice.Next(2) == 0)
            FixHeader(name, file);
        return file;
    }

    /// <summary>Gives a PNG's header its right checksum, so that a lie in it is believed.</summary>
    private static void FixHeader(string name, byte[] file)
    {
        if (name.EndsWith("png", StringComparison.Ordinal) && file.Length > 33 && BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(8)) == 13)
            TestImages.FixChecksum(file, 8);
    }

    private static byte[] Noise(Random dice, int count)
    {
        byte[] bytes = new byte[count];
        dice.NextBytes(bytes);
        return bytes;
    }
}
