using AaClip.Training.Losses;

namespace AaClip.Training.Prompts;

/// <summary>The published training of a method (docs/training.md; Crane's and AnomalyCLIP's train.py).</summary>
/// <param name="Epochs">Passes over the images.</param>
/// <param name="Beta1">Adam's decay of the mean of the gradients.</param>
/// <param name="ImageTemperature">Cosines of the whole image are divided by it before the softmax.</param>
/// <param name="Focal">Weight of the focal loss.</param>
/// <param name="DiceNormal">Weight of the Dice loss of the normal probability.</param>
/// <param name="DiceAbnormal">Weight of the Dice loss of the abnormal probability.</param>
/// <param name="Image">Weight of the cross entropy of the whole image.</param>
/// <param name="Enlarging">How patch probabilities become pixels.</param>
/// <param name="ImageContext">Whether CLIP's feature of the image is a row of the sentences.</param>
internal sealed record PromptRecipe(
    int Epochs,
    double Beta1,
    double ImageTemperature,
    double Focal,
    double DiceNormal,
    double DiceAbnormal,
    double Image,
    Enlargement Enlarging,
    bool ImageContext
)
{
    public const double PixelTemperature = 0.07;

    /// <summary>Images in a step.</summary>
    public const int Batch = 8;

    public const double Rate = 1e-3;

    /// <summary>Learned rows of a sentence, after the start mark.</summary>
    public const int Rows = 12;

    /// <summary>Rows that a deep prompt overwrites, after the start mark.</summary>
    public const int DeepRows = 4;

    /// <summary>Blocks of the text tower that get a deep prompt, from the second.</summary>
    public const int DeepBlocks = 8;

    // Crane's four levels are the last one four times, so its pixel losses, of weight 2, count four times.
    private static readonly PromptRecipe Crane = new(5, 0.6, 0.01, 8, 0, 8, 0.2, Enlargement.Nearest, ImageContext: true);
    private static readonly PromptRecipe AnomalyClip = new(15, 0.5, 0.07, 4, 4, 4, 1, Enlargement.HalfPixel, ImageContext: false);

    /// <exception cref="InvalidDataException">Nothing is trained for the method here.</exception>
    public static PromptRecipe Of(string method) =>
        method switch
        {
            "crane" => Crane,
            "anomalyclip" => AnomalyClip,
            _ => throw new InvalidDataException(
                $"The method {method} has no learned prompts to train: take crane or anomalyclip, or aa-clip for adapters."
            ),
        };
}
