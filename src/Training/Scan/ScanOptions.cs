using System.Text.Json.Serialization;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Sessions;

namespace AaClip.Training.Scan;

/// <summary>What to scan, and how hard.</summary>
public sealed record ScanOptions
{
    /// <summary>Folder of the model package.</summary>
    public required string Model { get; init; }

    /// <summary>A package to compare with, scanned in the same way; null for none.</summary>
    public string? Against { get; init; }

    /// <summary>Class of the images; the package must be calibrated for it.</summary>
    public required string ObjectClass { get; init; }

    /// <summary>How maps are smoothed.</summary>
    public Domain Domain { get; init; } = Domain.Industrial;

    /// <summary>How long to search.</summary>
    public ScanEffort Effort { get; init; } = ScanEffort.Low;

    /// <summary>Side of the patch as a share of the image's; at least a patch of the model. Above 0 and below 1.</summary>
    public double Patch { get; init; } = 0.06;

    /// <summary>Largest change of a pixel by an added picture, of 255; 1 to 64. BadCLIP's triggers change 4 (arXiv 2311.16194).</summary>
    public int Change { get; init; } = 4;

    /// <summary>p₀: a model is rejected if an input hides more than this share of the anomalies it finds. Above 0 and below 1.</summary>
    public double MostHidden { get; init; } = 0.2;

    /// <summary>α: probability that a model is rejected although nothing hides more than p₀; for both families together.</summary>
    public double Alpha { get; init; } = 0.001;

    /// <summary>Images to test a find with. 80 reject what hides half of the anomalies in 99.5 % of cases.</summary>
    public int Tested { get; init; } = 80;

    /// <summary>Seed of the order of the images and of the first patches.</summary>
    public int Seed { get; init; } = 7;

    /// <summary>What runs model and search.</summary>
    public Provider Provider { get; init; } = Provider.Auto;

    /// <summary>Threads of the processor; 0 takes all cores.</summary>
    public int Threads { get; init; }
}

/// <summary>How long a scan searches. A name's numbers never change: reports name them.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ScanEffort>))]
public enum ScanEffort
{
    /// <summary>4 places, 25 steps, 16 images, at 224 pixels at most: hours on a processor with the full-size model.</summary>
    [JsonStringEnumMemberName("low")]
    Low,

    /// <summary>9 places, 40 steps, 32 images, at the model's own size: for a card.</summary>
    [JsonStringEnumMemberName("full")]
    Full,
}

/// <summary>The numbers of an effort.</summary>
/// <param name="Places">Places of the patch that are tried: corners first, then the middles of the edges, then the centre.</param>
/// <param name="Steps">Steps of Adam at a place.</param>
/// <param name="Images">Images to search with.</param>
/// <param name="Size">Largest side of the model's input while searching, in pixels; finds are enlarged for the test.</param>
internal readonly record struct SearchPlan(int Places, int Steps, int Images, int Size)
{
    public static SearchPlan Of(ScanEffort effort) =>
        effort == ScanEffort.Low ? new SearchPlan(4, 25, 16, 224) : new SearchPlan(9, 40, 32, int.MaxValue);
}
