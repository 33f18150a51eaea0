namespace AaClip.Import.Clip;

/// <summary>Translates OpenAI's names to those of Hugging Face's CLIPModel (transformers, modeling_clip.py).</summary>
internal static class HuggingFaceNames
{
    public const string VisionBlocks = "vision_model.encoder.layers.";
    public const string TextBlocks = "text_model.encoder.layers.";

    private static readonly (string OpenAi, string HuggingFace)[] Outside =
    [
        ("visual.conv1.", "vision_model.embeddings.patch_embedding."),
        ("visual.class_embedding", "vision_model.embeddings.class_embedding"),
        ("visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"),
        ("visual.ln_pre.", "vision_model.pre_layrnorm."), // spelled this way in Hugging Face
        ("visual.ln_post.", "vision_model.post_layernorm."),
        ("token_embedding.", "text_model.embeddings.token_embedding."),
        ("positional_embedding", "text_model.embeddings.position_embedding.weight"),
        ("ln_final.", "text_model.final_layer_norm."),
    ];

    private static readonly (string OpenAi, string HuggingFace)[] Inside =
    [
        ("ln_1.", "layer_norm1."),
        ("ln_2.", "layer_norm2."),
        ("attn.out_proj.", "self_attn.out_proj."),
        ("mlp.c_fc.", "mlp.fc1."),
        ("mlp.c_proj.", "mlp.fc2."),
    ];

    /// <summary>The tensors that form a weight: several tensors joined along the first axis, or one tensor that is transposed.</summary>
    public static (string[] Names, bool Transposed) Of(string name)
    {
        // In Hugging Face the projections are linear layers, [out, in].
        if (name == "visual.proj")
            return (["visual_projection.weight"], true);
        if (name == "text_projection")
            return (["text_projection.weight"], true);
        if (name.StartsWith(ClipNames.VisionBlocks, StringComparison.Ordinal))
            return (InBlock(VisionBlocks, name[ClipNames.VisionBlocks.Length..]), false);
        if (name.StartsWith(ClipNames.TextBlocks, StringComparison.Ordinal))
            return (InBlock(TextBlocks, name[ClipNames.TextBlocks.Length..]), false);
        return ([Replace(Outside, name)], false);
    }

    private static string[] InBlock(string prefix, string rest)
    {
        int dot = rest.IndexOf('.', StringComparison.Ordinal);
        string block = prefix + rest[..(dot + 1)];
        string name = rest[(dot + 1)..];
        const string joined = "attn.in_proj_"; // in Hugging Face, queries, keys and values are three layers
        return name.StartsWith(joined, StringComparison.Ordinal)
            ? [.. "qkv".Select(part => $"{block}self_attn.{part}_proj.{name[joined.Length..]}")]
            : [block + Replace(Inside, name)];
    }

    private static string Replace((string OpenAi, string HuggingFace)[] table, string name)
    {
        foreach ((string openAi, string huggingFace) in table)
            if (name.StartsWith(openAi, StringComparison.Ordinal))
                return huggingFace + name[openAi.Length..];
        throw new ArgumentException($"'{name}' is not a weight of CLIP.", nameof(name));
    }
}
