using AaClip.Pipeline.Results.Counts;

namespace AaClip.Pipeline.Tests.Results.Counts;

public class ScoreBinsTests
{
    [Theory]
    [InlineData(-3, 0)]
    [InlineData(0, 0)]
    [InlineData(0.00390624, 0)] // less than 1/256
    [InlineData(0.00390625, 1)] // 1/256
    [InlineData(0.5, 128)]
    [InlineData(0.99999, 255)]
    [InlineData(1, 255)]
    [InlineData(7, 255)]
    public void A_score_lies_in_its_bin_and_outside_of_0_to_1_in_the_nearest(double raw, int bin)
    {
        ScoreBins bins = new();

        bins.Add(raw);

        Assert.Equal(1, bins.Counts[bin]);
        Assert.Equal(1, bins.Total);
    }

    [Fact]
    public void Packed_bins_are_the_same_when_unpacked()
    {
        Random random = new(3);
        for (int run = 0; run < 200; run++)
        {
            ScoreBins bins = new();
            for (int i = random.Next(4) * random.Next(500); i > 0; i--)
                bins.Add(random.Next(3) == 0 ? random.NextDouble() : 1);

            Assert.Equal(bins.Counts, ScoreBins.Unpack(bins.Pack()).Counts);
        }
    }

    [Fact]
    public void An_hour_of_a_thousand_scores_takes_few_bytes()
    {
        ScoreBins bins = new();
        for (int i = 0; i < 1000; i++)
            bins.Add(0.2 + 0.1 * i / 1000);

        Assert.InRange(bins.Pack().Length, 1, 60);
    }

    [Theory]
    [InlineData("80")] // more follow, and none do
    [InlineData("01")] // a bin without its count
    [InlineData("FF7F01")] // bin 16382
    [InlineData("808080808080808080808001")] // a number of more than 63 bits
    public void Damaged_bins_are_told(string packed)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => ScoreBins.Unpack(Convert.FromHexString(packed)));

        Assert.Contains("Counts of scores", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_count_falls_below_zero()
    {
        ScoreBins one = new(),
            two = new();
        one.Add(0.5);
        two.Add(0.5);
        two.Add(0.5);

        one.Remove(two);

        Assert.Equal(0, one.Total);
    }
}
