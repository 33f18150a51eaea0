using System.Text;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Events;

/// <summary>NumPy's array files.</summary>
public sealed class NpyFileTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_again()
    {
        float[] values = [1.5f, -2, 3e-9f, 4, 5, 6];

        NpyFile.Write(_folder.File("a.npy"), [2, 3], values);

        (int[] shape, float[] found) = NpyFile.Read(_folder.File("a.npy"));
        Assert.Equal([2, 3], shape);
        Assert.Equal(values, found);
        Assert.Equal(values, NpyFile.ReadFeatures(_folder.File("a.npy"), 3));
        Assert.Equal(0, (new FileInfo(_folder.File("a.npy")).Length - 24) % 64); // aligned, as NumPy writes it
    }

    [Fact]
    public void Half_and_double_precision_are_read()
    {
        Write("half.npy", "<f2", "False", "(2, 1)", [0x00, 0x3c, 0x00, 0xc0]);
        Write("double.npy", "<f8", "False", "(1, 1)", BitConverter.GetBytes(0.25));

        Assert.Equal([1, -2], NpyFile.ReadFeatures(_folder.File("half.npy"), 1));
        Assert.Equal([0.25f], NpyFile.ReadFeatures(_folder.File("double.npy"), 1));
    }

    [Theory]
    [InlineData("<i4", "False", "(1, 1)", 4, "has the type '<i4'")]
    [InlineData("<f4", "True", "(1, 1)", 4, "Fortran order")]
    [InlineData("<f4", "False", "(2, 1)", 4, "needs 8 bytes, but has 4")]
    [InlineData("<f4", "False", "(99999999999, 1)", 4, "expected whole numbers")]
    [InlineData("<f4", "False", "(1,)", 4, "expected [snippets, 1]")]
    [InlineData("<f4", "False", "(1, 1)", -4, "not finite")]
    public void What_cannot_be_used_is_refused(string type, string order, string shape, int bytes, string expected)
    {
        Write("a.npy", type, order, shape, bytes < 0 ? [0, 0, 0xc0, 0x7f] : new byte[bytes]);

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => NpyFile.ReadFeatures(_folder.File("a.npy"), 1));

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        _folder.Write("b.npy", "no array at all");
        Assert.Throws<InvalidDataException>(() => NpyFile.Read(_folder.File("b.npy")));
    }

    private void Write(string name, string type, string order, string shape, byte[] data)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': {order}, 'shape': {shape}, }}\n";
        _folder.Write(name, [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. data]);
    }
}
