using System.Globalization;
using AaClip.Import.Torch;
using AaClip.Scoring.Packages;

namespace AaClip.Import.Clip;

/// <summary>The names and shapes of CLIP's weights as in OpenAI's checkpoints. All other namings are translated to these names.</summary>
public static class ClipNames
{
    /// <summary>Prefix of the vision blocks' names; the zero-based block number follows.</summary>
    internal const string VisionBlocks = "visual.transformer.resblocks.";

    /// <summary>Prefix of the text blocks' names; the zero-based block number follows.</summary>
    internal const string TextBlocks = "transformer.resblocks.";

    /// <summary>
    /// All weights that scores depend on, with their shapes; the temperature of the training (logit_scale) is not included. Linear weights
    /// are [out, in]; the two projections are [in, out].
    /// </summary>
    public static IEnumerable<(string Name, long[] Shape)> All(ClipArchitecture model)
    {
        long text = model.Text.Width,
            embed = model.EmbedDim;

        foreach ((string, long[]) weight in Image(model.ImageTower))
            yield return weight;

        yield return ("token_embedding.weight", [model.Vocabulary, text]);
        yield return ("positional_embedding", [model.Context, text]);
        foreach ((string, long[]) weight in Blocks(TextBlocks, model.Text))
            yield return weight;
        yield return ("ln_final.weight", [text]);
        yield return ("ln_final.bias", [text]);
        yield return ("text_projection", [text, embed]);
    }

    /// <summary>Those of the image tower and its projection.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Image(VisionArchitecture model)
    {
        long vision = model.Vision.Width,
            grid = model.Grid;

        yield return ("visual.conv1.weight", [vision, 3, model.Patch, model.Patch]);
        yield return ("visual.class_embedding", [vision]);
        yield return ("visual.positional_embedding", [1 + grid * grid, vision]); // row 0 is the class token
        yield return ("visual.ln_pre.weight", [vision]);
        yield return ("visual.ln_pre.bias", [vision]);
        foreach ((string, long[]) weight in Blocks(VisionBlocks, model.Vision))
            yield return weight;
        yield return ("visual.ln_post.weight", [vision]);
        yield return ("visual.ln_post.bias", [vision]);
        yield return ("visual.proj", [vision, model.Embed]);
    }

    private static IEnumerable<(string Name, long[] Shape)> Blocks(string prefix, TowerShape tower)
    {
        long width = tower.Width,
            mlp = tower.MlpWidth;
        for (int n = 0; n < tower.Layers; n++)
        {
            string block = string.Create(CultureInfo.InvariantCulture, $"{prefix}{n}.");
            yield return (block + "ln_1.weight", [width]);
            yield return (block + "ln_1.bias", [width]);
            yield return (block + "attn.in_proj_weight", [3 * width, width]); // rows: queries, keys, values
            yield return (block + "attn.in_proj_bias", [3 * width]);
            yield return (block + "attn.out_proj.weight", [width, width]);
            yield return (block + "attn.out_proj.bias", [width]);
            yield return (block + "ln_2.weight", [width]);
            yield return (block + "ln_2.bias", [width]);
            yield return (block + "mlp.c_fc.weight", [mlp, width]);
            yield return (block + "mlp.c_fc.bias", [mlp]);
            yield return (block + "mlp.c_proj.weight", [width, mlp]);
            yield return (block + "mlp.c_proj.bias", [width]);
        }
    }
}
