using AaClip.Evaluation.DataSets;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Evaluation.Tests;

public sealed class MaskTests
{
    [Theory]
    [InlineData(518)]
    [InlineData(112)]
    public void A_mask_is_resized_as_by_the_reference(int size)
    {
        (int width, int height, int channels, byte[] grey) = TestPng.Read(Parity.File("resize/mask-133x77.png"));
        using SafetensorsFile golden = SafetensorsFile.Open(Parity.File("resize/golden-mask.safetensors"));

        byte[] actual = Mask.Resize(grey, width, height, size);

        Assert.Equal(1, channels);
        Assert.Equal(golden.Tensors[$"mask.{size}"].Contiguous(), actual);
    }

    [Fact]
    public void Any_value_but_zero_marks_an_anomaly()
    {
        byte[] actual = Mask.Resize([0, 1, 3, 255], 2, 2, 2);

        Assert.Equal([0, 1, 1, 1], actual);
    }

    [Fact]
    public void A_mask_of_the_wrong_length_is_refused_with_both_lengths()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => Mask.Resize(new byte[5], 2, 3, 4));

        Assert.Contains("2x3 needs 6 bytes, but 5 were given", e.Message, StringComparison.Ordinal);
    }
}
