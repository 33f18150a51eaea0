using AaClip.Graphs;
using AaClip.Scoring.Packages;
using AaClip.Training.Autodiff;

namespace AaClip.Training.Towers;

/// <summary>The text tower with gradients (specification 1.5 and 2.3).</summary>
internal static class TextTower
{
    /// <summary>Adds the tower.</summary>
    /// <param name="tokens">[N, context] int64.</param>
    /// <param name="end">[N, 1, context]: 1 at the end marker, 0 elsewhere.</param>
    /// <param name="adapters">Number of blocks with an adapter, from the first, and their weight; null uses CLIP's own projection.</param>
    /// <returns>[N, E], not normalised.</returns>
    public static Tensor Write(
        TransformerTape tower,
        Value tokens,
        Tensor end,
        ModelArchitecture shape,
        (int Blocks, double Share)? adapters
    )
    {
        Tape tape = tower.Tape;
        int width = shape.Text.Width,
            sentences = end.Shape[0];
        Tensor x = tape.Rows(tower.Weights["token_embedding.weight", shape.Vocabulary, width], tokens, sentences, shape.Context);
        x = tape.Add(x, tower.Weights["positional_embedding", shape.Context, width]); // [N, context, width]
        Tensor mask = Mask(tape, shape.Context);
        for (int block = 0; block < shape.Text.Layers; block++)
        {
            x = tower.Block(x, shape.Text, $"transformer.resblocks.{block}.", mask);
            if (block < adapters?.Blocks)
                x = tower.Adapter(x, $"text_adapter.{block}.fc.0.weight", width, adapters.Value.Share);
        }

        Tensor pooled = tape.Reshape(tape.Product(end, tower.LayerNorm(x, "ln_final", width)), sentences, width);
        return adapters is { } a
            ? tower.LeakyRelu(tower.Linear(pooled, $"text_adapter.{a.Blocks}.fc.0.weight", null, width, shape.Embed))
            : tape.Product(pooled, tower.Weights["text_projection", width, shape.Embed]);
    }

    /// <summary>For each row of tokens, 1 at the first position of its largest id, else 0: [N, context].</summary>
    public static float[] Ends(ReadOnlySpan<long> tokens, int context)
    {
        float[] ends = new float[tokens.Length];
        for (int row = 0; row < tokens.Length; row += context)
        {
            int at = 0;
            for (int i = 1; i < context; i++)
                if (tokens[row + i] > tokens[row + at])
                    at = i;
            ends[row + at] = 1;
        }

        return ends;
    }

    /// <summary>Causal mask [context, context]: a token sees itself and the tokens before it.</summary>
    public static Tensor Mask(Tape tape, int context)
    {
        float[] mask = new float[context * context];
        for (int row = 0; row < context; row++)
            mask.AsSpan(row * context + row + 1, context - row - 1).Fill(float.NegativeInfinity);
        return tape.Constant("const/causal", [context, context], mask);
    }
}
