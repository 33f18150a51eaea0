using System.Text.Json;
using AaClip.Scoring.Tensors;
using AaClip.Tests;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;
using AaClip.Training.Towers;

namespace AaClip.Training.Tests.Stages;

/// <summary>The small reference model, its batch of two images, and what the published code made of them step by step.</summary>
internal sealed class GoldenTraining : IDisposable
{
    private readonly Dictionary<string, (long[] Shape, float[] Values)> _adapters = SafetensorsFile.ReadAll(
        Parity.File("tiny/adapters.safetensors")
    );

    public GoldenTraining(Surgery surgery = Surgery.Batch, bool sumLevels = false)
    {
        Clip = new FrozenClip(
            Parity.File("tiny/clip-tiny.safetensors"),
            new AdaptationOptions
            {
                Size = 112,
                VisionHeads = 4,
                TextHeads = 4,
                ImageBlocks = 3,
                TextBlocks = 2,
                SurgeryBlocks = 5,
                Surgery = surgery,
                SumLevels = sumLevels,
            }
        );
        Graphs = new GraphFolder(Clip.Options.Provider, Clip.Options.Threads);
    }

    public FrozenClip Clip { get; }

    public GraphFolder Graphs { get; }

    public Dictionary<string, (long[] Shape, float[] Values)> Values { get; } =
        SafetensorsFile.ReadAll(Parity.File("tiny/golden-train.safetensors"));

    public Dictionary<string, (long[] Shape, float[] Values)> Alternatives { get; } =
        SafetensorsFile.ReadAll(Parity.File("tiny/alt-train.safetensors"));

    public Batch Batch => new(Values["image"].Values, Values["mask"].Values, [true, false], ["VisA/candle", "VisA/pcb3"]);

    /// <summary>The initial adapters, or those after three steps of a stage.</summary>
    public float[] Adapter(string name) => [.. _adapters[name].Values];

    public TextEncoding Text(IReadOnlyList<Parameter> parameters) => new(Clip, Graphs, parameters, Tokens);

    public static JsonElement Json(string name) => JsonDocument.Parse(File.ReadAllText(Parity.File(name))).RootElement;

    public void Dispose()
    {
        Graphs.Dispose();
        Clip.Dispose();
    }

    // The published sentences come with their ids, so no vocabulary is needed.
    private static long[] Tokens(string className)
    {
        string[] parts = className.Split('/');
        JsonElement sentences = Json("tokenizer/prompts.json").GetProperty(parts[0]).GetProperty(parts[1]);
        List<long> rows = [];
        foreach (
            JsonElement sentence in sentences
                .GetProperty("normal")
                .EnumerateArray()
                .Concat(sentences.GetProperty("abnormal").EnumerateArray())
        )
        {
            long[] ids = [49406, .. sentence.GetProperty("ids").EnumerateArray().Select(i => i.GetInt64()), 49407];
            rows.AddRange([.. ids, .. new long[77 - ids.Length]]);
        }

        return [.. rows];
    }
}
