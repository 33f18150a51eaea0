using AaClip.Graphs;
using AaClip.Import.Methods;
using AaClip.Scoring.Packages;
using AaClip.Training.Autodiff;
using AaClip.Training.Towers;

namespace AaClip.Training.Events;

/// <summary>
/// The class sentences through the frozen text tower, with the gradient of their learned rows; <see cref="VadClipTexts"/> embeds them at
/// import.
/// </summary>
/// <param name="Length">Rows that matter: those behind the last end mark are seen by no other.</param>
/// <param name="Learned">[C, length, 1]: 1 where the row is learned, 0 where it is a word.</param>
/// <param name="Words">[C, length, width]: embeddings of the words, 0 elsewhere.</param>
/// <param name="Ends">[C, 1, length]: 1 at the end mark.</param>
internal sealed record EventTexts(int Length, float[] Learned, float[] Words, float[] Ends)
{
    /// <summary>Lays out the sentences.</summary>
    /// <param name="tokens">[C][context].</param>
    /// <param name="table">[vocabulary, width].</param>
    public static EventTexts Of(IReadOnlyList<long[]> tokens, ReadOnlySpan<float> table, int width)
    {
        (long[] Words, int End)[] layouts = [.. tokens.Select(t => VadClipTexts.Layout(t))];
        int length = layouts.Max(l => l.End) + 1;
        EventTexts texts = new(
            length,
            new float[tokens.Count * length],
            new float[tokens.Count * length * width],
            new float[tokens.Count * length]
        );
        for (int c = 0; c < layouts.Length; c++)
        {
            texts.Ends[c * length + layouts[c].End] = 1;
            for (int i = 0; i < length; i++)
                if (layouts[c].Words[i] is >= 0 and var word)
                    table.Slice((int)word * width, width).CopyTo(texts.Words.AsSpan((c * length + i) * width));
                else
                    texts.Learned[c * length + i] = 1;
        }

        return texts;
    }

    /// <summary>Adds the tower.</summary>
    /// <returns>[C, E], not normalised.</returns>
    public Tensor Write(TransformerTape tower, ModelArchitecture shape)
    {
        Tape tape = tower.Tape;
        int width = shape.Text.Width,
            classes = Ends.Length / Length;
        Tensor rows = tape.Slice(tower.Weights["text_prompt_embeddings.weight", shape.Context, width], 0, 0, Length);
        rows = tape.Multiply(tape.Reshape(rows, 1, Length, width), tape.Constant("const/learned", [classes, Length, 1], Learned));
        Tensor x = tape.Add(rows, tape.Constant("const/words", [classes, Length, width], Words)); // [C, length, width]
        x = tape.Add(x, tape.Slice(tower.Weights["positional_embedding", shape.Context, width], 0, 0, Length));
        Tensor mask = TextTower.Mask(tape, Length);
        for (int block = 0; block < shape.Text.Layers; block++)
            x = tower.Block(x, shape.Text, FormattableString.Invariant($"transformer.resblocks.{block}."), mask);
        Tensor pooled = tape.Product(tape.Constant("const/ends", [classes, 1, Length], Ends), x); // [C, 1, width]
        pooled = tape.Reshape(tower.LayerNorm(pooled, "ln_final", width), classes, width);
        return tape.Product(pooled, tower.Weights["text_projection", width, shape.Embed]);
    }
}
