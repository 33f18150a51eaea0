using AaClip.Graphs;
using AaClip.Scoring.Packages;
using AaClip.Training.Autodiff;

namespace AaClip.Training.Towers;

/// <summary>
/// Parts of both towers, written with differentiable operators; <see cref="TransformerWriter"/> writes the same parts with fused operators
/// for inference (specification 1.4, 2.1).
/// </summary>
internal sealed class TransformerTape(Tape tape, WeightSource weights, Activation activation)
{
    public const float LayerNormEpsilon = 1e-5f; // specification 1.4
    private const float LeakySlope = 0.01f; // specification 2

    public Tape Tape { get; } = tape;

    public WeightSource Weights { get; } = weights;

    /// <summary>One pre-norm block: x ← x + out(attn(ln_1 x)); x ← x + c_proj(act(c_fc(ln_2 x))).</summary>
    /// <param name="x">[B, tokens, width].</param>
    /// <param name="key">Checkpoint prefix, such as "visual.transformer.resblocks.3.".</param>
    /// <param name="mask">[tokens, tokens], added to the scores before the softmax; null for none.</param>
    /// <param name="surgery">Kind of attention (specification 1.6).</param>
    public Tensor Block(Tensor x, TowerShape shape, string key, Tensor? mask = null, Surgery surgery = Surgery.None)
    {
        using IDisposable scope = Tape.Scope("/" + key.TrimEnd('.'));
        int width = shape.Width;
        Tensor normed = LayerNorm(x, $"{key}ln_1", width);
        Tensor attended =
            surgery == Surgery.None ? Attention(normed, shape, $"{key}attn.", mask) : ValueAttention(normed, shape, $"{key}attn.", surgery);
        x = Tape.Add(x, Linear(attended, $"{key}attn.out_proj.weight", $"{key}attn.out_proj.bias", width, width));
        Tensor hidden = Linear(LayerNorm(x, $"{key}ln_2", width), $"{key}mlp.c_fc.weight", $"{key}mlp.c_fc.bias", width, shape.MlpWidth);
        hidden = Tape.Recompute(h => activation == Activation.QuickGelu ? Tape.QuickGelu(h[0]) : Tape.Gelu(h[0]), hidden);
        return Tape.Add(x, Linear(hidden, $"{key}mlp.c_proj.weight", $"{key}mlp.c_proj.bias", shape.MlpWidth, width));
    }

    /// <summary>Mixes a residual adapter into all tokens: a = LeakyReLU(x·Wᵀ), scaled to the norm of x; share·a + (1 − share)·x.</summary>
    public Tensor Adapter(Tensor x, string key, int width, double share)
    {
        using IDisposable scope = Tape.Scope("/" + key);
        Tensor adapted = LeakyRelu(Linear(x, key, null, width, width));
        Tensor ratio = Tape.Divide(Tape.Norm(x), Tape.Norm(adapted));
        return Tape.Add(Tape.Multiply(adapted, Tape.Scale(ratio, share)), Tape.Scale(x, 1 - share));
    }

    public Tensor LeakyRelu(Tensor x) => Tape.LeakyRelu(x, LeakySlope);

    public Tensor LayerNorm(Tensor x, string key, int width) =>
        Tape.LayerNorm(x, Weights[$"{key}.weight", width], Weights[$"{key}.bias", width], LayerNormEpsilon);

    /// <summary>x·Wᵀ + b for a weight [outputs, inputs].</summary>
    public Tensor Linear(Tensor x, string weight, string? bias, int inputs, int outputs)
    {
        Tensor product = Tape.Product(x, Weights[weight, outputs, inputs], transposeB: true);
        return bias is null ? product : Tape.Add(product, Weights[bias, outputs]);
    }

    // softmax(q·kᵀ/√d + mask)·v per head.
    private Tensor Attention(Tensor x, TowerShape shape, string key, Tensor? mask)
    {
        Tensor[] qkv = Tape.Split(Linear(x, $"{key}in_proj_weight", $"{key}in_proj_bias", shape.Width, 3 * shape.Width), axis: 2, parts: 3);
        Tensor q = Heads(qkv[0], shape.Heads),
            k = Heads(qkv[1], shape.Heads),
            v = Heads(qkv[2], shape.Heads); // [B, H, T, d]
        // The weights of a full-size block take 240 MB for two images
        Tensor attended = Tape.Recompute(i => Attend(i[0], i[1], i[2]), q, k, v);
        return Tape.Reshape(Tape.Transpose(attended, 0, 2, 1, 3), x.Shape);

        Tensor Attend(Tensor q, Tensor k, Tensor v)
        {
            Tensor scores = Tape.Product(q, k, transposeB: true, scale: 1 / Math.Sqrt(q.Shape[3])); // [B, H, T, T]
            return Tape.Product(Tape.Softmax(mask is null ? scores : Tape.Add(scores, mask)), v); // [B, H, T, d]
        }
    }

    // softmax(v·vᵀ/√d)·v per head, over the tokens of an image, or, as in the published code, over the images of the batch.
    private Tensor ValueAttention(Tensor x, TowerShape shape, string key, Surgery surgery)
    {
        Tensor joint = Linear(x, $"{key}in_proj_weight", $"{key}in_proj_bias", shape.Width, 3 * shape.Width);
        Tensor v = Tape.Split(joint, axis: 2, parts: 3)[2]; // [B, T, D]
        int d = shape.Width / shape.Heads;
        Tensor parts = Tape.Reshape(v, x.Shape[0], x.Shape[1], shape.Heads, d);
        int[] order = surgery == Surgery.Batch ? [1, 2, 0, 3] : [0, 2, 1, 3]; // [T, H, B, d] or [B, H, T, d]
        int[] back = surgery == Surgery.Batch ? [2, 0, 1, 3] : [0, 2, 1, 3];
        Tensor heads = Tape.Transpose(parts, order);
        Tensor weights = Tape.Softmax(Tape.Product(heads, heads, transposeB: true, scale: 1 / Math.Sqrt(d)));
        return Tape.Reshape(Tape.Transpose(Tape.Product(weights, heads), back), x.Shape);
    }

    private Tensor Heads(Tensor x, int heads) =>
        Tape.Transpose(Tape.Reshape(x, x.Shape[0], x.Shape[1], heads, x.Shape[2] / heads), 0, 2, 1, 3);
}
