using System.Globalization;
using AaClip.Cli.Size;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Size;

public class CostsTests
{
    private const double Million = 1e6;

    [Fact]
    public void The_table_of_the_deployment_guide_has_these_numbers()
    {
        string guide = File.ReadAllText(Path.Combine(Parity.RepositoryRoot, "docs", "deploy.md"));
        IReadOnlyList<CostLine> lines = Costs.OfImages(Million);

        Assert.All(lines, l => Assert.Contains($"| {l.Item} | {l.Assumption} | {Dollars(l)} $ |", guide, StringComparison.Ordinal));
        double t4 = Million / 10 / 3600;
        Assert.Contains(Invariant($"at 1.65 $/h (assumed) | {t4:F1} h: {t4 * 1.65:F0} $ |"), guide, StringComparison.Ordinal);
        double processors = Million / 3600;
        Assert.Contains(
            Invariant($"4 vCPU and 8 GiB at {Costs.Hour(4):F2} $/h | {processors:F0} h: {processors * Costs.Hour(4):F0} $ |"),
            guide,
            StringComparison.Ordinal
        );
        double together = Costs.OfScoring(t4, 1.65).Dollars + lines.Sum(l => l.Dollars);
        Assert.Contains(Invariant($"| **together, T4** | | **{together:F0} $** |"), guide, StringComparison.Ordinal);
    }

    [Fact]
    public void Costs_grow_with_the_images()
    {
        Assert.Equal(10 * Costs.OfImages(Million).Sum(l => l.Dollars), Costs.OfImages(10 * Million).Sum(l => l.Dollars), 1e-6);
        Assert.Equal(0, Costs.OfImages(0).Sum(l => l.Dollars));
    }

    private static string Dollars(CostLine line) =>
        line.Dollars < 1
            ? line.Dollars.ToString("F1", CultureInfo.InvariantCulture)
            : line.Dollars.ToString("F0", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
