using System.Buffers.Binary;

namespace AaClip.Fuzz;

/// <summary>Damages files of any kind: cut, doubled, turned, overwritten, with extreme numbers.</summary>
internal static class FileMutator
{
    private const int Beginning = 4096; // headers and directories of most files

    private static readonly long[] Extremes =
    [
        0,
        1,
        -1,
        int.MaxValue,
        int.MinValue,
        uint.MaxValue,
        long.MaxValue,
        long.MinValue,
        1L << 40,
        0x7fff,
    ];

    /// <summary>A copy with one to three wounds, of which two thirds are in its first or last 4,096 bytes.</summary>
    public static byte[] Damage(byte[] sound, Random random)
    {
        List<byte> bytes = [.. sound];
        for (int wounds = random.Next(1, 4); wounds > 0 && bytes.Count > 8; wounds--)
        {
            int near = Math.Min(bytes.Count, Beginning);
            int at = random.Next(3) switch
            {
                0 => random.Next(near),
                1 => bytes.Count - 1 - random.Next(near),
                _ => random.Next(bytes.Count),
            };
            int length = random.Next(1, Math.Min(40, bytes.Count - at + 1));
            switch (random.Next(8))
            {
                case 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                case 3:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 4:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 5:
                    bytes.Reverse(at, length);
                    break;
                case 6:
                    Digits(bytes, at, random);
                    break;
                default:
                    byte[] extreme = new byte[8];
                    BinaryPrimitives.WriteInt64LittleEndian(extreme, Extremes[random.Next(Extremes.Length)]);
                    int width = random.Next(2) == 0 ? 4 : 8;
                    for (int i = 0; i < width && at + i < bytes.Count; i++)
                        bytes[at + i] = extreme[i];
                    break;
            }
        }

        return [.. bytes];
    }

    // In a text, the next number becomes another: so its form stays, and its meaning does not.
    private static void Digits(List<byte> bytes, int at, Random random)
    {
        int start = bytes.FindIndex(at, b => b is >= (byte)'0' and <= (byte)'9');
        if (start < 0)
            return;
        int end = bytes.FindIndex(start, b => b is < (byte)'0' or > (byte)'9');
        bytes.RemoveRange(start, (end < 0 ? bytes.Count : end) - start);
        string number = (random.Next(2) == 0 ? Extremes[random.Next(Extremes.Length)] : random.Next(0, 300)).ToString(
            System.Globalization.CultureInfo.InvariantCulture
        );
        bytes.InsertRange(start, System.Text.Encoding.ASCII.GetBytes(number));
    }
}
