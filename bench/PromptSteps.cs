using System.Numerics.Tensors;
using AaClip.Import.Packages;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;
using AaClip.Training.Optimization;
using AaClip.Training.Prompts;
using AaClip.Training.Stages;

namespace AaClip.Bench;

/// <summary>Steps of a training of prompts with the full-size model, on random features, and the features of noise images.</summary>
internal sealed class PromptSteps : IDisposable
{
    private readonly PromptModel _model;
    private readonly PromptStep _step;
    private readonly FeatureCache _cache;
    private readonly Lazy<PromptBatch> _batch;
    private readonly string _folder;
    private int _images;

    public PromptSteps(ImportOptions model, string method, int size, GraphFolder graphs, Provider provider, string scratch)
    {
        _model = new PromptModel(model.Clip, new PromptOptions { Method = method, Size = size });
        // Not null: the options of a random model contain it
        ClipTokenizer tokenizer = new(ClipVocabulary.Load(model.Vocabulary!, _model.Shape.Vocabulary));
        PromptParameters prompts = new(_model.Shape, seed: 1);
        Adam = new Adam(prompts.Trained, new AdamOptions(PromptRecipe.Rate, _model.Recipe.Beta1));
        _step = new PromptStep(_model, new PromptSentences(_model.Shape, tokenizer, _model.Read), prompts, graphs, Adam);
        _batch = new Lazy<PromptBatch>(Batch);
        _folder = Directory.CreateDirectory(Path.Combine(scratch, $"features-{Environment.ProcessId}")).FullName;
        _cache = new FeatureCache(_folder, _model, provider, threads: 0);
    }

    public Adam Adam { get; }

    /// <summary>A step on a batch of the published size.</summary>
    public void Step() => _step.Step(_batch.Value);

    /// <summary>The features of a new image, from its file to the cache.</summary>
    public void Features()
    {
        const int Side = 1024;
        byte[] pixels = new byte[3 * Side * Side];
        new Random(++_images).NextBytes(pixels);
        string path = Path.Combine(_folder, "image.png");
        File.WriteAllBytes(path, ImageEncoder.Png(new RgbImage(Side, Side, pixels)));
        _ = _cache.Add(path);
    }

    public void Dispose()
    {
        _cache.Dispose();
        _model.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private PromptBatch Batch()
    {
        const int Count = PromptRecipe.Batch;
        ModelArchitecture shape = _model.Shape;
        int plane = shape.ImageSize * shape.ImageSize;
        Random random = new(1);
        float[] masks = new float[Count * plane];
        for (int i = 0; i < Count; i += 2)
            masks.AsSpan(i * plane + plane / 3, plane / 5).Fill(1);
        bool[] anomalous = [.. Enumerable.Range(0, Count).Select(i => i % 2 == 0)];
        return new PromptBatch(Units(Count * shape.Grid * shape.Grid), Units(Count), masks, anomalous);

        float[] Units(int rows)
        {
            float[] values = new float[rows * shape.Embed];
            for (int row = 0; row < rows; row++)
            {
                Span<float> one = values.AsSpan(row * shape.Embed, shape.Embed);
                foreach (ref float v in one)
                    v = random.NextSingle() - 0.5f;
                TensorPrimitives.Divide(one, TensorPrimitives.Norm<float>(one), one);
            }

            return values;
        }
    }
}
