using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests;

public sealed class CheckpointTests
{
    private static readonly string[] Integers = ["input_resolution", "context_length", "vocab_size"];

    [Theory]
    [InlineData("tiny/clip-tiny-state-dict.pt")]
    [InlineData("tiny/clip-tiny-torchscript.pt")]
    public void A_container_of_PyTorch_holds_the_same_values_as_safetensors(string file)
    {
        string path = Parity.File(file);
        using SafetensorsFile expected = SafetensorsFile.Open(Parity.File("tiny/clip-tiny.safetensors"));

        using Checkpoint checkpoint = Checkpoint.Open(path);

        Assert.Equal(expected.Tensors.Keys.Order(), checkpoint.Tensors.Keys.Except(Integers).Order());
        foreach ((string name, StoredTensor tensor) in expected.Tensors)
        {
            Assert.Equal(tensor.Shape, checkpoint.Tensors[name].Shape);
            Assert.Equal(tensor.ToFloat32(), checkpoint.Tensors[name].ToFloat32());
        }
    }

    [Fact]
    public void The_integers_beside_the_weights_are_readable()
    {
        string path = Parity.File("tiny/clip-tiny-state-dict.pt");

        using Checkpoint checkpoint = Checkpoint.Open(path);

        Assert.Equal([70L, 77L, 49408L], Integers.Select(n => checkpoint.Tensors[n].ToInt64().Single()));
    }

    [Fact]
    public void A_training_checkpoint_unfolds_to_dotted_names()
    {
        string path = Parity.File("tiny/checkpoints/text_adapter_after3.pth");

        using Checkpoint checkpoint = Checkpoint.Open(path);

        Assert.Equal(3L, checkpoint.Values["epoch"]);
        Assert.Equal(1e-5, checkpoint.Values["text_optimizer.param_groups.0.lr"]);
        Assert.Equal(0.5, checkpoint.Values["text_optimizer.param_groups.0.betas.0"]);
        Assert.Null(checkpoint.Values["text_optimizer.param_groups.0.foreach"]);
        Assert.Equal([0L, 1L, 2L], Enumerable.Range(0, 3).Select(i => checkpoint.Values[$"text_optimizer.param_groups.0.params.{i}"]));
        Assert.Equal([32L, 32L], checkpoint.Tensors["text_adapter.0.fc.0.weight"].Shape);
        Assert.Equal([3f], checkpoint.Tensors["text_optimizer.state.0.step"].ToFloat32());
        Assert.Equal([32L, 32L], checkpoint.Tensors["text_optimizer.state.2.exp_avg_sq"].Shape);
        Assert.All(checkpoint.Tensors["text_optimizer.state.2.exp_avg_sq"].ToFloat32(), v => Assert.True(v > 0));
    }

    [Fact]
    public void Weights_after_three_training_steps_are_those_of_the_reference()
    {
        using SafetensorsFile expected = SafetensorsFile.Open(Parity.File("tiny/golden-train.safetensors"));
        using Checkpoint image = Checkpoint.Open(Parity.File("tiny/checkpoints/image_adapter_3.pth"));
        using Checkpoint text = Checkpoint.Open(Parity.File("tiny/checkpoints/text_adapter_after3.pth"));

        foreach ((Checkpoint checkpoint, string name, string golden) in Pairs())
            Assert.Equal(expected.Tensors[golden].ToFloat32(), checkpoint.Tensors[name].ToFloat32());
        Assert.Equal(8 + 3, Pairs().Count());

        IEnumerable<(Checkpoint, string, string)> Pairs() =>
            from pair in new[] { (image, "image_adapter.", "stage2"), (text, "text_adapter.", "stage1") }
            from name in pair.Item1.Tensors.Keys
            where name.StartsWith(pair.Item2, StringComparison.Ordinal)
            select (pair.Item1, name, $"{pair.Item3}.after_step3.{name}");
    }

    [Theory]
    [InlineData("tiny/clip-tiny.safetensors")]
    [InlineData("tiny/clip-tiny-state-dict.pt")]
    [InlineData("tiny/clip-tiny-torchscript.pt")]
    public void Opening_reads_no_tensor(string file)
    {
        string path = Parity.File(file);
        long before = GC.GetAllocatedBytesForCurrentThread();

        using Checkpoint checkpoint = Checkpoint.Open(path);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20); // the tensors have 4 to 7 MB
    }

    [Fact]
    public void A_tensor_read_after_the_checkpoint_is_closed_is_an_error_and_not_a_crash()
    {
        Checkpoint checkpoint = Checkpoint.Open(Parity.File("tiny/checkpoints/text_adapter.pth"));
        StoredTensor tensor = checkpoint.Tensors["text_adapter.0.fc.0.weight"];

        checkpoint.Dispose();
        checkpoint.Dispose();

        Assert.Throws<ObjectDisposedException>(() => tensor.ToFloat32());
    }
}
