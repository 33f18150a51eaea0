using AaClip.Import.Clip;
using AaClip.Import.Packages;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;

namespace AaClip.Training.Stages;

/// <summary>The CLIP model that is adapted. Its weights never change.</summary>
internal sealed class FrozenClip : IDisposable
{
    private readonly ClipWeights _weights;

    /// <summary>Opens CLIP weights.</summary>
    /// <exception cref="InvalidDataException">The weights are damaged, or the options do not fit them.</exception>
    public FrozenClip(string path, AdaptationOptions options)
    {
        _weights = ClipWeights.Open(path, options.VisionHeads, options.TextHeads);
        try
        {
            Shape = ModelImporter.Shape(_weights.Architecture, options.Size, options.Levels);
            Options = options with
            {
                ImageBlocks = Between(options.ImageBlocks ?? Shape.Vision.Layers / 4, Shape.Vision.Layers, "image blocks"),
                TextBlocks = Between(options.TextBlocks ?? Shape.Text.Layers / 4, Shape.Text.Layers, "text blocks"),
                // 19 of 24, as published
                SurgeryBlocks = Between(options.SurgeryBlocks ?? Shape.Vision.Layers * 19 / 24, Shape.Vision.Layers, "surgery blocks"),
            };
        }
        catch
        {
            _weights.Dispose();
            throw;
        }
    }

    public string Path => _weights.Path;

    /// <summary>Every file of the weights.</summary>
    public IEnumerable<string> Files => _weights.Files;

    public ModelArchitecture Shape { get; }

    /// <summary>The options with all defaults filled in.</summary>
    public AdaptationOptions Options { get; }

    public (int Blocks, double Share) ImageAdapters => (Options.ImageBlocks ?? 0, Options.ImageShare);

    public (int Blocks, double Share) TextAdapters => (Options.TextBlocks ?? 0, Options.TextShare);

    /// <summary>A weight by OpenAI's name; the positional embedding is resized to the grid.</summary>
    public float[] Read(string name)
    {
        float[] values = _weights.Read(name);
        return name == "visual.positional_embedding"
            ? Resampling.ResizeTable(values, _weights.Architecture.Grid, Shape.Grid, Shape.Vision.Width)
            : values;
    }

    public void Dispose() => _weights.Dispose();

    private static int Between(int blocks, int layers, string option) =>
        blocks >= 0 && blocks <= layers
            ? blocks
            : throw new InvalidDataException($"{option} {blocks} cannot be used: the tower has {layers} blocks.");
}
