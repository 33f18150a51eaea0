using AaClip.Import.Clip;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests.Clip;

/// <summary>A CLIP model of a few hundred numbers, in OpenAI's naming and, split and turned by hand, in Hugging Face's.</summary>
internal static class TestClip
{
    public static readonly ClipArchitecture Architecture = new(
        ImageSize: 6,
        Patch: 2,
        Vision: new(8, 3, 2, 16),
        Text: new(4, 2, 1, 8),
        Context: 5,
        Vocabulary: 7,
        EmbedDim: 6
    );

    public static Dictionary<string, (long[] Shape, float[] Values)> OpenAi()
    {
        Random random = new(1);
        return ClipNames
            .All(Architecture)
            .ToDictionary(
                w => w.Name,
                w =>
                {
                    float[] values = new float[w.Shape.Aggregate(1L, (a, b) => a * b)];
                    for (int i = 0; i < values.Length; i++)
                        values[i] = random.NextSingle();
                    return (w.Shape, values);
                }
            );
    }

    /// <summary>The slow, obvious translation: one rule for each name, one element at a time.</summary>
    public static Dictionary<string, (long[] Shape, float[] Values)> HuggingFace(
        IReadOnlyDictionary<string, (long[] Shape, float[] Values)> openAi,
        string prefix = ""
    )
    {
        Dictionary<string, (long[] Shape, float[] Values)> there = [];
        foreach ((string name, (long[] shape, float[] values)) in openAi)
        {
            string to = name.Replace("visual.transformer.resblocks.", "vision_model.encoder.layers.", StringComparison.Ordinal);
            if (to.StartsWith("transformer.resblocks.", StringComparison.Ordinal))
                to = "text_model.encoder.layers." + to["transformer.resblocks.".Length..];
            to = to.Replace(".ln_1.", ".layer_norm1.", StringComparison.Ordinal)
                .Replace(".ln_2.", ".layer_norm2.", StringComparison.Ordinal)
                .Replace(".mlp.c_fc.", ".mlp.fc1.", StringComparison.Ordinal)
                .Replace(".mlp.c_proj.", ".mlp.fc2.", StringComparison.Ordinal)
                .Replace(".attn.", ".self_attn.", StringComparison.Ordinal);
            to = to switch
            {
                "visual.conv1.weight" => "vision_model.embeddings.patch_embedding.weight",
                "visual.class_embedding" => "vision_model.embeddings.class_embedding",
                "visual.positional_embedding" => "vision_model.embeddings.position_embedding.weight",
                "visual.ln_pre.weight" => "vision_model.pre_layrnorm.weight",
                "visual.ln_pre.bias" => "vision_model.pre_layrnorm.bias",
                "visual.ln_post.weight" => "vision_model.post_layernorm.weight",
                "visual.ln_post.bias" => "vision_model.post_layernorm.bias",
                "visual.proj" => "visual_projection.weight",
                "token_embedding.weight" => "text_model.embeddings.token_embedding.weight",
                "positional_embedding" => "text_model.embeddings.position_embedding.weight",
                "ln_final.weight" => "text_model.final_layer_norm.weight",
                "ln_final.bias" => "text_model.final_layer_norm.bias",
                "text_projection" => "text_projection.weight",
                _ => to,
            };

            if (name is "visual.proj" or "text_projection")
            {
                (long rows, long columns) = (shape[0], shape[1]);
                float[] turned = new float[values.Length];
                for (long r = 0; r < rows; r++)
                for (long c = 0; c < columns; c++)
                    turned[c * rows + r] = values[r * columns + c];
                there.Add(prefix + to, ([columns, rows], turned));
            }
            else if (to.Contains(".self_attn.in_proj_", StringComparison.Ordinal))
            {
                int third = values.Length / 3;
                for (int part = 0; part < 3; part++)
                    there.Add(
                        prefix + to.Replace("in_proj_", $"{"qkv"[part]}_proj.", StringComparison.Ordinal),
                        ([shape[0] / 3, .. shape[1..]], values[(part * third)..((part + 1) * third)])
                    );
            }
            else
            {
                there.Add(prefix + to, (shape, values));
            }
        }

        return there;
    }

    public static string Write(
        ScratchFolder folder,
        Dictionary<string, (long[] Shape, float[] Values)> tensors,
        string name = "model.safetensors"
    )
    {
        SafetensorsFile.Write(folder.File(name), tensors);
        return folder.File(name);
    }
}
