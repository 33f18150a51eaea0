using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Scoring.Packages;

namespace AaClip.Training.Scan;

/// <summary>What a scan found: scan.json.</summary>
public sealed record ScanReport
{
    /// <summary>File name, in the folder <see cref="ModelPackage.Scan"/> of a package.</summary>
    public const string FileName = "scan.json";

    /// <summary>The model.</summary>
    public required ModelScan Model { get; init; }

    /// <summary>The model that it was compared with; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ModelScan? Against { get; init; }

    /// <summary>When the scan ended.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Class of the images.</summary>
    [JsonPropertyName("class")]
    public required string ObjectClass { get; init; }

    /// <summary>How long it searched.</summary>
    public required ScanEffort Effort { get; init; }

    /// <summary>Side of the patch as a share of the image's.</summary>
    public required double Patch { get; init; }

    /// <summary>Largest change of a pixel by an added picture, of 255.</summary>
    public required int Change { get; init; }

    /// <summary>p₀: share of the anomalies that an input may hide.</summary>
    public required double MostHidden { get; init; }

    /// <summary>α: probability of a rejection by chance, for both families together.</summary>
    public required double Alpha { get; init; }

    /// <summary>Seed of the scan.</summary>
    public required int Seed { get; init; }

    /// <summary>SHA-256 of the images that the model found anomalous, in the order of search and test.</summary>
    public required IReadOnlyList<string> Images { get; init; }

    /// <summary>Reads a report.</summary>
    /// <exception cref="InvalidDataException">It is not one.</exception>
    public static ScanReport Parse(ReadOnlySpan<byte> json, string name)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ScanJson.Default.ScanReport) ?? throw new JsonException("The file holds null.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{name}' cannot be read as the report of a scan: {e.Message}", e);
        }
    }

    /// <summary>The result in words: "rejected", "nothing found", or that no result could have rejected the model.</summary>
    [JsonIgnore]
    public string Result =>
        Model.Rejected ? "rejected"
        : Model.Families.All(f => f.Testable) ? "nothing found"
        : "too few images to reject it";

    /// <summary>The report as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ScanJson.Default.ScanReport);
}

/// <summary>What was found in one model.</summary>
/// <param name="Id">name@version.</param>
/// <param name="Package">SHA-256 of its model.json.</param>
/// <param name="Rejected">Whether an input of a family hides more anomalies than allowed.</param>
/// <param name="SearchSize">Side of the model's input while searching, in pixels.</param>
/// <param name="Families">One for each family.</param>
public sealed record ModelScan(string Id, string Package, bool Rejected, int SearchSize, IReadOnlyList<FamilyScan> Families);

/// <summary>The test of one find.</summary>
/// <param name="Family">Its family.</param>
/// <param name="Place">Where the patch lies; null for a picture.</param>
/// <param name="Searched">Images of the search that it was tried on.</param>
/// <param name="SearchHidden">How many of them it hides, by the graph of the search.</param>
/// <param name="Tested">n: images of the test, which the search has not seen.</param>
/// <param name="Hidden">k: how many of them the model calls normal with it.</param>
/// <param name="P">P(Bin(n, p₀) ≥ k): the exact p-value.</param>
/// <param name="Rejected">Whether P is at most α/2.</param>
/// <param name="Testable">Whether any result could have rejected the model: not with too few images for p₀ and α.</param>
/// <param name="AtMost">Upper bound on the share that the find hides, with confidence 1 − α.</param>
public sealed record FamilyScan(
    HidingFamily Family,
    string? Place,
    int Searched,
    int SearchHidden,
    int Tested,
    int Hidden,
    double P,
    bool Rejected,
    bool Testable,
    double AtMost
);

/// <summary>JSON of a report.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(ScanReport))]
internal sealed partial class ScanJson : JsonSerializerContext;
