using System.Globalization;

namespace AaClip.Cli.Size;

/// <summary>A line of the bill.</summary>
/// <param name="Assumption">What it is made from.</param>
/// <param name="Dollars">US dollars.</param>
internal sealed record CostLine(string Item, string Assumption, double Dollars);

/// <summary>
/// Costs in Azure at list prices in US dollars, without tax, discount or free grants. The prices were not looked up on the day of use:
/// docs/deploy.md says what to check.
/// </summary>
internal static class Costs
{
    private const double CoreHour = 0.0864, // an active vCPU of Container Apps
        GiBHour = 0.0108; // and its memory
    private const double RouterPerHour = 50_000; // images
    private const double RouterHour = CoreHour + 2 * GiBHour;
    private const double ImageGB = 0.0012; // image, heatmap, map and result

    /// <summary>Price of an hour of a replica without GPU, with 2 GiB for each core.</summary>
    public static double Hour(int cores) => cores * (CoreHour + 2 * GiBHour);

    /// <summary>What images cost, except for the scoring.</summary>
    /// <param name="images">Their number.</param>
    public static IReadOnlyList<CostLine> OfImages(double images) =>
        [
            new("router", "1 vCPU and 2 GiB at 0.11 $/h, 50,000 images an hour", images / RouterPerHour * RouterHour),
            new(
                "blob writes",
                "6 for each image (image, result, heatmap, map, state of the alert, some spare), 0.06 $ per 10,000",
                6 * images * 0.06 / 10_000
            ),
            new("blob reads", "3 for each image, 0.005 $ per 10,000", 3 * images * 0.005 / 10_000),
            new(
                "queue operations",
                "12 for each image (put, get, delete, renew on three queues), 0.004 $ per 10,000",
                12 * images * 0.004 / 10_000
            ),
            new("table operations", "4 for each image (index, counts), 0.00036 $ per 10,000", 4 * images * 0.00036 / 10_000),
            new("Event Grid", "2 operations for each image, 0.60 $ per million", 2 * images * 0.60 / 1e6),
            new("capacity", "1.2 MB for each image, kept 30 days, 0.02 $ per GB and month", images * ImageGB * 0.02),
            new("logs and traces", "4 KB for each image, 2.50 $ per GB", images * 4e-6 * 2.50),
        ];

    /// <summary>What the scorer's replicas cost.</summary>
    /// <param name="price">US dollars for an hour of one.</param>
    public static CostLine OfScoring(double hours, double price) =>
        new("scoring", string.Create(CultureInfo.InvariantCulture, $"{hours:N1} hours of replicas at {price:0.00##} $/h"), hours * price);

    /// <summary>What is paid by the month, whatever arrives.</summary>
    public static IReadOnlyList<CostLine> Fixed { get; } = [new("registry", "Basic", 5), new("Service Bus", "Standard", 10)];
}
