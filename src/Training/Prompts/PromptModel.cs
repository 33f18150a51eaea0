using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Import.Packages;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;

namespace AaClip.Training.Prompts;

/// <summary>The CLIP model that prompts are learned for, and how the method uses it. Its weights never change.</summary>
internal sealed class PromptModel : IDisposable
{
    private readonly ClipWeights _weights;

    /// <summary>Opens CLIP weights.</summary>
    /// <exception cref="InvalidDataException">The weights are damaged, or the options do not fit them.</exception>
    public PromptModel(string path, PromptOptions options)
    {
        MethodInfo info = MethodInfo.Find(options.Method);
        Recipe = PromptRecipe.Of(info.Name);
        ImageContext = options.ImageContext ?? Recipe.ImageContext;
        Activation = options.Activation ?? info.Activation;
        _weights = ClipWeights.Open(path, options.VisionHeads, options.TextHeads);
        try
        {
            Method = info.Options(_weights.Architecture.Vision.Layers);
            Shape = ModelImporter.Shape(_weights.Architecture, options.Size, null, Method);
            if (ImageContext && Shape.Embed != Shape.Text.Width)
                throw new InvalidDataException(
                    $"{info.Name} puts CLIP's image feature of width {Shape.Embed} into its sentences while training, but the text tower "
                        + $"of '{path}' has width {Shape.Text.Width}: train with --no-image-context, or with another CLIP."
                );
        }
        catch
        {
            _weights.Dispose();
            throw;
        }
    }

    public string Path => _weights.Path;

    public IEnumerable<string> Files => _weights.Files;

    public Method Method { get; }

    public PromptRecipe Recipe { get; }

    public bool ImageContext { get; }

    public Activation Activation { get; }

    public ModelArchitecture Shape { get; }

    /// <summary>A weight by OpenAI's name; the positional embedding is resized to the grid.</summary>
    public float[] Read(string name)
    {
        float[] values = _weights.Read(name);
        return name == "visual.positional_embedding"
            ? Resampling.ResizeTable(values, _weights.Architecture.Grid, Shape.Grid, Shape.Vision.Width, Method.Table)
            : values;
    }

    public void Dispose() => _weights.Dispose();
}
