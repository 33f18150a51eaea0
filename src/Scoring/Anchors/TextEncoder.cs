using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Scoring.Anchors;

/// <summary>
/// Computes the anchors of a class with the package's text tower (specification 2.3 and 3.1). The tower is loaded for one class and then
/// released: anchors are cached, so new classes are rare, and the text weights need half a gigabyte.
/// </summary>
internal sealed class TextEncoder(ModelPackage package, PromptPack prompts, SessionFactory sessions, bool verify)
{
    private const int SentencesPerRun = 16;

    /// <summary>Computes the anchors of a class, [E, 2].</summary>
    /// <param name="name">The result of <see cref="PromptPack.Resolve"/>, such as "dark bottle".</param>
    /// <exception cref="InvalidDataException">The package has no text tower, and its anchors are not for this class.</exception>
    public float[] Anchors(string name)
    {
        if (!package.Manifest.Files.ContainsKey(ModelPackage.TextGraph))
            throw new InvalidDataException(
                $"The package '{package.Folder}' has neither anchors nor a text tower: it is incomplete; import it again."
            );
        ModelArchitecture shape = package.Manifest.Architecture;
        (long[][] normal, long[][] abnormal) = new ClassSentences(package, prompts, verify).Tokens(name);
        float[] features = Encode([.. normal, .. abnormal]);
        int split = normal.Length * shape.Embed;
        return ClassAnchors.FromFeatures(features.AsSpan(0, split), features.AsSpan(split), shape.Embed, prompts.MeanOfRaw);
    }

    /// <summary>Computes the features of token rows.</summary>
    /// <param name="rows">Each [context].</param>
    /// <returns>[rows, E], not normalised.</returns>
    public float[] Encode(IReadOnlyList<long[]> rows)
    {
        if (verify)
            package.Verify(ModelPackage.TextGraph, ModelPackage.TextWeights);
        ModelArchitecture shape = package.Manifest.Architecture;
        using InferenceSession session = sessions.Open(package.PathOf(ModelPackage.TextGraph));
        using RunOptions run = new();
        float[] features = new float[rows.Count * shape.Embed];
        for (int start = 0; start < rows.Count; start += SentencesPerRun)
        {
            long[] tokens = [.. rows.Skip(start).Take(SentencesPerRun).SelectMany(r => r)];
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(tokens, [tokens.Length / shape.Context, shape.Context]);
            using IDisposableReadOnlyCollection<OrtValue> result = session.Run(run, ["tokens"], [input], ["features"]);
            result[0].GetTensorDataAsSpan<float>().CopyTo(features.AsSpan(start * shape.Embed));
        }

        return features;
    }
}
