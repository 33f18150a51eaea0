namespace AaClip.Import;

/// <summary>Finds the weights in a model folder with Hugging Face's layout, or in one that <c>aaclip pretrain</c> wrote.</summary>
internal static class ModelFolder
{
    private static readonly string[] Names =
    [
        "model.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "pytorch_model.bin.index.json",
        "open_clip_model.safetensors",
        "open_clip_pytorch_model.bin",
        "clip.safetensors",
    ];

    /// <summary>The first of the usual file names that exists.</summary>
    /// <exception cref="InvalidDataException">None of the usual files exists.</exception>
    public static string Find(string folder) =>
        Names.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists)
        ?? throw new InvalidDataException(
            $"The folder '{folder}' has no model: looked for {string.Join(", ", Names)}. Give the path of the file itself."
        );
}
