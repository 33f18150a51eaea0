using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;

namespace AaClip.Import.Methods;

/// <summary>A published method: its options, and what a user must know of it (docs/methods.md).</summary>
public sealed record MethodInfo
{
    /// <summary>Every method that can be imported, in the order of the documentation.</summary>
    public static IReadOnlyList<MethodInfo> All { get; } = [AaClip.Info, Crane.Info, AnomalyClip.Info, AnoVl.Info, AdaClip.Info];

    /// <summary>Name on the command line and in model.json, such as "crane".</summary>
    public required string Name { get; init; }

    /// <summary>Name and paper.</summary>
    public required string Title { get; init; }

    /// <summary>What to download.</summary>
    public required string Needs { get; init; }

    /// <summary>Licence of the published code and weights.</summary>
    public required string Licence { get; init; }

    /// <summary>Published accuracy, with its source. Not measured by this product.</summary>
    public required string Published { get; init; }

    /// <summary>Work for one image against AA-CLIP's 1,042 GFLOP at 518 px; computed from the sizes.</summary>
    public required double Cost { get; init; }

    /// <summary>The options for a tower with this number of blocks.</summary>
    public required Func<int, Method> Options { get; init; }

    /// <summary>Activation that the weights were used with.</summary>
    public Activation Activation { get; init; } = Activation.Gelu;

    /// <summary>Width and height of the input in pixels; null for the size that CLIP was trained with.</summary>
    public int? Size { get; init; } = 518;

    /// <summary>How images are resized.</summary>
    public ResizeFilter Filter { get; init; }

    /// <summary>The method's own prompts; null for AA-CLIP's.</summary>
    public PromptPack? Prompts { get; init; }

    /// <summary>Whether the anchors come from learned prompts, which must be given.</summary>
    public bool LearnedPrompts { get; init; }

    /// <summary>Finds a method by its name.</summary>
    /// <exception cref="InvalidDataException">There is no such method; the message lists them.</exception>
    public static MethodInfo Find(string name) =>
        All.FirstOrDefault(m => m.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidDataException($"There is no method '{name}': take {string.Join(", ", All.Select(m => m.Name))}.");

    /// <summary>The method that a checkpoint belongs to, by the names of its tensors.</summary>
    /// <exception cref="InvalidDataException">It belongs to none.</exception>
    internal static MethodInfo Recognise(string checkpoint)
    {
        if (Directory.Exists(checkpoint))
            return AaClip.Info;
        using Checkpoint file = Checkpoint.Open(checkpoint);
        if (file.Tensors.Keys.Any(k => k.StartsWith("image_adapter.", StringComparison.Ordinal)))
            return AaClip.Info;
        if (file.Tensors.Keys.Any(AdaClipCheckpoint.IsAdaClip))
            return AdaClip.Info;
        if (!file.Tensors.Keys.Any(Methods.LearnedPrompts.IsLearned))
            throw new InvalidDataException(
                $"'{checkpoint}' holds neither AA-CLIP's adapters nor prompts of Crane, AnomalyCLIP or AdaCLIP: give another checkpoint."
            );
        return file.Tensors.Keys.Any(k => k.Contains("compound_prompt_projections", StringComparison.Ordinal))
            ? AnomalyClip.Info
            : Crane.Info;
    }
}
