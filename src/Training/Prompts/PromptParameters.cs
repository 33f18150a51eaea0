using AaClip.Scoring.Packages;
using AaClip.Synthesis.Drawing;
using AaClip.Training.Optimization;

namespace AaClip.Training.Prompts;

/// <summary>
/// The learned rows of both sentences and the deep prompts. The published code rounds deep prompts to float16 where it uses them, so the
/// graph gets rounded copies; their gradients are those of the exact values (straight through).
/// </summary>
internal sealed class PromptParameters
{
    private const double Deviation = 0.02; // of the initial values, as published

    /// <param name="deepBlocks">Blocks with a deep prompt, from the second; a shorter tower has fewer.</param>
    public PromptParameters(ModelArchitecture shape, int seed, int deepBlocks = PromptRecipe.DeepBlocks)
    {
        SeededRandom random = new(seed, shape.Text.Width);
        int width = shape.Text.Width;
        Learned = [New("ctx_pos", PromptRecipe.Rows), New("ctx_neg", PromptRecipe.Rows)];
        int deep = Math.Min(deepBlocks, shape.Text.Layers - 1);
        Deep =
        [
            .. Enumerable.Range(0, deep).Select(i => New(FormattableString.Invariant($"compound_prompts_text.{i}"), PromptRecipe.DeepRows)),
        ];
        Rounded = [.. Deep.Select(p => new Parameter(p.Name, p.Shape, new float[p.Values.Length]))];

        Parameter New(string name, int rows)
        {
            float[] values = new float[rows * width];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)(Deviation * random.Normal());
            return new Parameter(name, [rows, width], values);
        }
    }

    /// <summary>Learned rows, [rows, width] each: normal, abnormal.</summary>
    public IReadOnlyList<Parameter> Learned { get; }

    /// <summary>Deep prompts, [rows, width] each; the first is for the second block.</summary>
    public IReadOnlyList<Parameter> Deep { get; }

    /// <summary>Copies of the deep prompts in float16 precision.</summary>
    public IReadOnlyList<Parameter> Rounded { get; }

    /// <summary>Everything that is trained.</summary>
    public IReadOnlyList<Parameter> Trained => [.. Learned, .. Deep];

    /// <summary>The inputs of the graph.</summary>
    public IReadOnlyList<Parameter> Inputs => [.. Learned, .. Rounded];

    /// <summary>Rounds the deep prompts, before a run.</summary>
    public void Round()
    {
        foreach ((Parameter exact, Parameter rounded) in Deep.Zip(Rounded))
            for (int i = 0; i < exact.Values.Length; i++)
                rounded.Values[i] = (float)(Half)exact.Values[i];
    }

    /// <summary>Takes the gradients of the rounded copies, after a run.</summary>
    public void TakeGradients()
    {
        foreach ((Parameter exact, Parameter rounded) in Deep.Zip(Rounded))
            rounded.Gradient.CopyTo(exact.Gradient, 0);
    }
}
