using AaClip.Import.Adapters;
using AaClip.Scoring.Packages;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;

namespace AaClip.Training;

/// <summary>The trainable weights of both stages, in the order of the published checkpoints (specification 2 and 6.5).</summary>
internal static class AdapterParameters
{
    /// <summary>Text adapters, named text_adapter.{i}.fc.0.weight; the last one is the projection.</summary>
    public static IReadOnlyList<Parameter> Text(ModelArchitecture shape, int blocks, Func<string, int[], float[]> values)
    {
        List<Parameter> parameters = [];
        for (int i = 0; i < blocks; i++)
            Add(parameters, $"text_adapter.{i}.fc.0.weight", [shape.Text.Width, shape.Text.Width], values);
        Add(parameters, $"text_adapter.{blocks}.fc.0.weight", [shape.Embed, shape.Text.Width], values);
        return parameters;
    }

    /// <summary>Image adapters: layer_adapters, seg_proj and det_proj of image_adapter.</summary>
    public static IReadOnlyList<Parameter> Image(ModelArchitecture shape, int blocks, Func<string, int[], float[]> values)
    {
        List<Parameter> parameters = [];
        for (int i = 0; i < blocks; i++)
            Add(parameters, $"image_adapter.layer_adapters.{i}.fc.0.weight", [shape.Vision.Width, shape.Vision.Width], values);
        for (int level = 0; level < AdapterWeights.Levels; level++)
            Add(parameters, $"image_adapter.seg_proj.{level}.fc.weight", [shape.Embed, shape.Vision.Width], values);
        Add(parameters, "image_adapter.det_proj.fc.weight", [shape.Embed, shape.Vision.Width], values);
        return parameters;
    }

    /// <summary>Xavier-uniform initialisation: values within ±√(6/(inputs + outputs)).</summary>
    public static Func<string, int[], float[]> Initial(int seed)
    {
        Random random = new(seed); // the sequence for a given seed is fixed
        return (_, shape) =>
        {
            double bound = Math.Sqrt(6.0 / (shape[0] + shape[1]));
            float[] values = new float[shape[0] * shape[1]];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)((2 * random.NextDouble() - 1) * bound);
            return values;
        };
    }

    private static void Add(List<Parameter> parameters, string name, int[] shape, Func<string, int[], float[]> values) =>
        parameters.Add(new Parameter(name, shape, values(name, shape)));
}
