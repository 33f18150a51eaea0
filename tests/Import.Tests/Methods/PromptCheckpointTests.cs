using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests.Methods;

/// <summary>Checkpoints of learned prompts are those of the published code.</summary>
public sealed class PromptCheckpointTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("crane/published/trained_on_mvtec_crane-epoch_5.pth", 768, 8, false)]
    [InlineData("anomalyclip/epoch_15.pth", 32, 2, true)]
    public void Keys_shapes_and_types_are_the_published_ones(string published, int width, int deep, bool projections)
    {
        using Checkpoint theirs = Checkpoint.Open(Parity.File($"methods/{published}"));
        string path = _folder.File("epoch_5.pth");

        Copy(theirs, width, deep, projections).Write(path);

        using Checkpoint ours = Checkpoint.Open(path);
        Assert.Equal(theirs.Tensors.Keys.Order(StringComparer.Ordinal), ours.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, StoredTensor tensor) in theirs.Tensors)
        {
            Assert.Equal(tensor.Shape, ours.Tensors[name].Shape);
            Assert.Equal(tensor.Type, ours.Tensors[name].Type);
            if (!name.Contains("projections", StringComparison.Ordinal))
                Assert.Equal(tensor.Contiguous().ToArray(), ours.Tensors[name].Contiguous().ToArray());
        }

        Assert.Equal(MethodInfo.Recognise(theirs.Path).Name, MethodInfo.Recognise(path).Name);
    }

    [Fact]
    public void The_importer_reads_every_bit_back()
    {
        string published = Parity.File("methods/crane/epoch_5.pth");
        using Checkpoint theirs = Checkpoint.Open(published);
        string path = _folder.File("epoch_5.pth");
        Copy(theirs, 32, 2, false).Write(path);
        using ClipWeights clip = ClipWeights.Open(Parity.File("tiny/clip-tiny.safetensors"), 4, 4);

        LearnedPrompts expected = LearnedPrompts.Open(published, clip),
            found = LearnedPrompts.Open(path, clip);

        Assert.Equal(expected.Rows, found.Rows);
        Assert.Equal(expected.Ends, found.Ends);
        Assert.Equal(expected.Deep, found.Deep);
    }

    private static PromptCheckpoint Copy(Checkpoint from, int width, int deep, bool projections)
    {
        return new PromptCheckpoint
        {
            Sides = [Side("pos"), Side("neg")],
            Deep = [.. Enumerable.Range(0, deep).Select(i => Values($"compound_prompts_text.{i}"))],
            Width = width,
            Projections = projections,
        };

        PromptSide Side(string side) =>
            new(
                side,
                [.. Find($"tokenized_prompts_{side}").ToInt64().Select(t => (int)t)],
                Values($"token_prefix_{side}"),
                Values($"ctx_{side}"),
                Values($"token_suffix_{side}")
            );

        float[] Values(string name) => Find(name).ToFloat32();

        StoredTensor Find(string name) => from.Tensors[$"prompt_learner.{name}"];
    }
}
