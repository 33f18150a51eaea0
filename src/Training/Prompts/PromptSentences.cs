using AaClip.Import.Methods;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;

namespace AaClip.Training.Prompts;

/// <summary>
/// The two sentences around the learned rows, "object." and "damaged object.", as rows of CLIP's token table. They are tokenized with "X"
/// in place of the learned rows.
/// </summary>
internal sealed class PromptSentences
{
    private readonly PromptSide[] _sides; // without learned rows

    /// <summary>Tokenizes the sentences and takes their rows.</summary>
    /// <exception cref="InvalidDataException">The sentences do not fit into CLIP's context.</exception>
    public PromptSentences(ModelArchitecture shape, ClipTokenizer tokenizer, Func<string, float[]> read)
    {
        float[] table = read("token_embedding.weight"); // [vocabulary, width]
        _sides = [Side("pos", "object."), Side("neg", "damaged object.")];

        PromptSide Side(string name, string words)
        {
            string text = $"{string.Concat(Enumerable.Repeat("X ", PromptRecipe.Rows))}{words}";
            int[] ids = tokenizer.Encode(text);
            if (ids.Length > shape.Context - 3) // the marks, and a row for the image
                throw new InvalidDataException(
                    $"The sentence '{text}' has {ids.Length} tokens, too many for the {shape.Context} rows of this CLIP: take another CLIP."
                );
            int[] tokens = [.. tokenizer.EncodeRow(text, shape.Context).Select(t => (int)t)];
            float[] rows = [.. tokens.SelectMany(t => table.AsSpan(t * shape.Text.Width, shape.Text.Width).ToArray())];
            return new PromptSide(name, tokens, rows[..shape.Text.Width], [], rows[((1 + PromptRecipe.Rows) * shape.Text.Width)..]);
        }
    }

    /// <summary>Rows up to the last end mark. Later ones change nothing, because a token sees only itself and those before it.</summary>
    public int Length => 1 + _sides.Max(End);

    /// <summary>A sentence without its learned rows: 0 normal, 1 abnormal.</summary>
    public PromptSide this[int side] => _sides[side];

    /// <summary>The position of a sentence's end mark, which is the largest id.</summary>
    public static int End(PromptSide side) => Array.IndexOf(side.Tokens, side.Tokens.Max());

    /// <summary>The sentences with learned rows, for a checkpoint.</summary>
    public IReadOnlyList<PromptSide> With(params float[][] learned) => [.. _sides.Select((s, i) => s with { Learned = learned[i] })];
}
