using System.Text.Json.Serialization;

namespace AaClip.Scoring.Images;

/// <summary>
/// How an image is prepared for the model; stored in the model package. The defaults are CLIP's values at AA-CLIP's input size.
/// </summary>
public sealed record Preprocessing
{
    /// <summary>Width and height of the model's input in pixels; default 518.</summary>
    public int Size { get; init; } = 518;

    /// <summary>
    /// Red, green, blue: subtracted from values of 0 to 1. Default: mean of CLIP's training set (open_clip, constants.py).
    /// </summary>
    public IReadOnlyList<float> Mean { get; init; } = [0.48145466f, 0.4578275f, 0.40821073f];

    /// <summary>
    /// Red, green, blue: divisor after the subtraction. Default: standard deviation of CLIP's training set (open_clip, constants.py).
    /// </summary>
    public IReadOnlyList<float> Std { get; init; } = [0.26862954f, 0.26130258f, 0.27577711f];

    /// <summary>How an image is resized; bicubic in packages that do not say.</summary>
    public ResizeFilter Filter { get; init; }

    /// <summary>How an image that is not square becomes the square input; stretched in packages that do not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ImageFit Fit { get; init; }

    /// <summary>Throws if a value is out of range.</summary>
    /// <exception cref="InvalidDataException">A value is out of range; the message names it and the expected range.</exception>
    public void Validate()
    {
        if (Size < 1)
            throw new InvalidDataException(
                $"Preprocessing size is {Size}, expected at least 1 pixel: correct 'size' in the model package."
            );
        if (Mean is not { Count: 3 } || !Mean.All(float.IsFinite))
            throw new InvalidDataException(
                $"Preprocessing mean is [{Text(Mean)}], expected three finite numbers (red, green, blue): correct 'mean' in the "
                    + $"model package."
            );
        if (Std is not { Count: 3 } || !Std.All(s => float.IsFinite(s) && s > 0))
            throw new InvalidDataException(
                $"Preprocessing std is [{Text(Std)}], expected three positive numbers (red, green, blue): correct 'std' in the "
                    + $"model package."
            );
    }

    private static string Text(IReadOnlyList<float>? values) =>
        string.Join(", ", (values ?? []).Select(v => v.ToString(System.Globalization.CultureInfo.InvariantCulture)));
}
