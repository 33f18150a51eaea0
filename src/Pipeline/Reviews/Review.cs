using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Index;

namespace AaClip.Pipeline.Reviews;

/// <summary>What a person says of an image.</summary>
public enum ReviewVerdict
{
    /// <summary>An earlier decision is taken back: the image is undecided again.</summary>
    None,

    /// <summary>The image shows nothing wrong.</summary>
    Fine,

    /// <summary>The image shows a defect.</summary>
    Defect,

    /// <summary>The person cannot tell.</summary>
    Unsure,
}

/// <summary>
/// A decision of a person on one version of an image, whatever the model. It is never changed: another decision, and taking one back, is a
/// newer one.
/// </summary>
public sealed record Review
{
    /// <summary>Longest <see cref="Note"/>.</summary>
    public const int MaxNote = 2000;

    /// <summary>Most polygons in <see cref="Regions"/>, and most corners of one.</summary>
    public const int MaxRegions = 64;

    /// <summary>Made by who sends it, so that the same decision sent again is stored once.</summary>
    public required Guid Id { get; init; }

    /// <summary>Camera.</summary>
    public required string Camera { get; init; }

    /// <summary>Blob name of the image.</summary>
    public required string Image { get; init; }

    /// <summary>Version of the image, without quotes.</summary>
    [JsonPropertyName("etag")]
    public required string ETag { get; init; }

    /// <summary>Cursor of a result of this image version, whichever model made it: see <see cref="ResultRow.Cursor"/>.</summary>
    public required string Cursor { get; init; }

    /// <summary>The decision.</summary>
    public required ReviewVerdict Verdict { get; init; }

    /// <summary>The person's words; null for none.</summary>
    public string? Note { get; init; }

    /// <summary>Name of the person.</summary>
    public string Who { get; init; } = "";

    /// <summary>When it was stored.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The model whose result the person saw; null if none.</summary>
    public string? Model { get; init; }

    /// <summary>The threshold of raw scores that the person saw; null if none.</summary>
    public double? Threshold { get; init; }

    /// <summary>The raw score that the person saw; null if none.</summary>
    public double? Score { get; init; }

    /// <summary>
    /// Polygons of [x, y] corners around the defect, 0 to 1 from the top left corner of the upright image; null for none.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>>? Regions { get; init; }

    /// <summary>Name and version of the image.</summary>
    [JsonIgnore]
    public ImageVersion Version => new(Image, ETag);

    /// <summary>Checks what a page or program sent.</summary>
    /// <exception cref="ArgumentException">The message names the field, what it holds, and what is expected.</exception>
    internal void Check()
    {
        if (Id == Guid.Empty)
            throw new ArgumentException($"The decision on '{Image}' has no id: make a new UUID for each decision.");
        if (
            IndexKeys.TimeOf(Cursor) is not { } time
            || !Cursor.StartsWith(IndexKeys.Image(time, Version), StringComparison.Ordinal)
            || Version.Camera != Camera
        )
            throw new ArgumentException(
                $"The decision on '{Image}' has cursor '{Cursor}' and camera '{Camera}', which are not those of this image and ETag: take "
                    + "all four from one result."
            );
        if (!Enum.IsDefined(Verdict))
            throw new ArgumentException($"The decision on '{Image}' is {(int)Verdict}, expected fine, defect, unsure or none.");
        if (Note?.Length > MaxNote)
            throw new ArgumentException($"The note on '{Image}' has {Note.Length} characters, expected at most {MaxNote}.");
        if (Threshold is { } threshold && !double.IsFinite(threshold) || Score is { } score && !double.IsFinite(score))
            throw new ArgumentException($"The threshold or score on '{Image}' is not a finite number: leave it out.");
        foreach (IReadOnlyList<IReadOnlyList<double>>? polygon in Regions ?? [])
            if (
                polygon is null
                || polygon.Any(p => p is null)
                || polygon.Count is < 3 or > MaxRegions
                || polygon.Any(p => p.Count != 2 || p.Any(v => v is not (>= 0 and <= 1)))
            )
                throw new ArgumentException(
                    $"A region on '{Image}' is no polygon: expected 3 to {MaxRegions} corners [x, y] of numbers from 0 to 1."
                );
        if (Regions?.Count > MaxRegions)
            throw new ArgumentException($"The decision on '{Image}' has {Regions.Count} regions, expected at most {MaxRegions}.");
    }
}
