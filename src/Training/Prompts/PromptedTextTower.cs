using AaClip.Graphs;
using AaClip.Import.Methods;
using AaClip.Scoring.Packages;
using AaClip.Training.Autodiff;
using AaClip.Training.Optimization;
using AaClip.Training.Towers;

namespace AaClip.Training.Prompts;

/// <summary>
/// The text tower with learned rows and deep prompts, with gradients; <see cref="PromptedTextGraph"/> is the one of imports.
/// </summary>
internal static class PromptedTextTower
{
    /// <summary>Adds the tower.</summary>
    /// <param name="context">
    /// [B, 1, width]: a row for each image, inserted after the learned rows; null for none, and one pair of sentences.
    /// </param>
    /// <returns>[2·B, 1, E], not normalised: first the normal sentences, then the abnormal ones.</returns>
    public static Tensor Write(
        TransformerTape tower,
        PromptSentences sentences,
        PromptParameters prompts,
        ModelArchitecture shape,
        Tensor? context
    )
    {
        Tape tape = tower.Tape;
        int width = shape.Text.Width,
            pairs = context?.Shape[0] ?? 1,
            inserted = context is null ? 0 : 1,
            length = sentences.Length + inserted;

        // Sentences [2·B, length, width]
        Tensor[] sides = new Tensor[2];
        float[] ends = new float[2 * pairs * length];
        for (int side = 0; side < 2; side++)
        {
            PromptSide own = sentences[side];
            int after = length - 1 - PromptRecipe.Rows - inserted;
            Tensor before = tape.Constant($"start.{side}", [1, 1, width], own.Start);
            Tensor behind = tape.Constant($"rest.{side}", [1, after, width], own.Rest.AsSpan(0, after * width));
            Tensor[] parts = [before, Learned(prompts.Learned[side]), behind];
            parts = [.. parts.Select(p => tape.Expand(p, pairs, p.Shape[1], width))];
            sides[side] = tape.Concat(1, context is null ? parts : [parts[0], parts[1], context, parts[2]]);
            for (int i = 0; i < pairs; i++)
                ends[(side * pairs + i) * length + PromptSentences.End(own) + inserted] = 1;
        }

        Tensor x = tape.Concat(0, sides);
        x = tape.Add(x, tape.Slice(tower.Weights["positional_embedding", shape.Context, width], 0, 0, length));

        // Blocks; before those from the second, rows 1 to 4 are overwritten
        Tensor mask = TextTower.Mask(tape, length);
        for (int block = 0; block < shape.Text.Layers; block++)
        {
            if (block > 0 && block <= prompts.Rounded.Count)
            {
                int rows = PromptRecipe.DeepRows;
                Tensor deep = tape.Expand(Learned(prompts.Rounded[block - 1]), 2 * pairs, rows, width);
                x = tape.Concat(1, tape.Slice(x, 1, 0, 1), deep, tape.Slice(x, 1, 1 + rows, length - 1 - rows));
            }

            x = tower.Block(x, shape.Text, $"transformer.resblocks.{block}.", mask);
        }

        Tensor pooled = tape.Product(tape.Constant("const/ends", [2 * pairs, 1, length], ends), x); // [2·B, 1, width]
        return tape.Product(tower.LayerNorm(pooled, "ln_final", width), tower.Weights["text_projection", width, shape.Embed]);

        Tensor Learned(Parameter parameter) => tape.Reshape(tower.Weights[parameter.Name, parameter.Shape], 1, parameter.Shape[0], width);
    }
}
