using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests;

public sealed class ShardedIndexTests
{
    private const string Index = "model.safetensors.index.json";

    [Fact]
    public void Tensors_come_from_the_shards_that_the_index_names()
    {
        using ScratchFolder folder = new();
        Shard(folder, "one.safetensors", ("a", 1f), ("unlisted", 9f));
        Shard(folder, "two.safetensors", ("b", 2f));
        folder.Write(Index, """{"metadata": {"total_size": 8}, "weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}""");

        using Checkpoint byFolder = Checkpoint.Open(folder.Path);
        using Checkpoint byFile = Checkpoint.Open(folder.File(Index));

        Assert.Equal(folder.File(Index), byFolder.Path);
        Assert.Equal(["a", "b"], byFolder.Tensors.Keys);
        Assert.Equal([1f, 2f], byFile.Tensors.Values.Select(t => t.ToFloat32()[0]));
    }

    [Theory]
    [InlineData("""{"a": "../one.safetensors"}""", "names the shard '../one.safetensors', expected the bare name of a file beside it.")]
    [InlineData("""{"a": "/etc/passwd"}""", "names the shard '/etc/passwd', expected the bare name of a file beside it.")]
    [InlineData("""{"a": "x\\one.safetensors"}""", "names the shard 'x\\one.safetensors', expected the bare name of a file beside it.")]
    [InlineData("""{"a": ".."}""", "names the shard '..', expected the bare name of a file beside it.")]
    [InlineData("""{"a": ""}""", "names the shard '', expected the bare name of a file beside it.")]
    [InlineData(
        """{"a": "none.safetensors"}""",
        "needs the shard 'none.safetensors', which is not in its folder: download the missing file."
    )]
    [InlineData(
        """{"b": "one.safetensors"}""",
        "places tensor 'b' in shard 'one.safetensors', which does not have it: the shards are not of one download."
    )]
    [InlineData("""{"a": "one.safetensors", "a": "one.safetensors"}""", "names tensor 'a' twice.")]
    public void A_wrong_entry_is_refused_by_name(string map, string expected)
    {
        using ScratchFolder folder = new();
        Shard(folder, "one.safetensors", ("a", 1f));
        string path = folder.Write(Index, $$"""{"weight_map": {{map}} }""");

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(path));

        Assert.Equal($"'{path}' {expected}", refused.Message);
    }

    [Theory]
    [InlineData("""{"weight_map": """)]
    [InlineData("""{"weight_map": [1]}""")]
    [InlineData("""{"weight_map": {"a": 1}}""")]
    public void Text_that_is_no_index_is_refused(string json)
    {
        using ScratchFolder folder = new();
        string path = folder.Write(Index, json);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(path));

        Assert.StartsWith(
            $"'{path}' is not an index of shards: it cannot be read as JSON of that form (",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void An_index_that_names_itself_as_a_shard_does_not_loop()
    {
        using ScratchFolder folder = new();
        string path = folder.Write(Index, $$"""{"weight_map": {"a": "{{Index}}"} }""");

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(path));

        Assert.Equal($"'{path}' is named as a shard, but is an index of shards itself: download the checkpoint again.", refused.Message);
    }

    [Fact]
    public void More_shards_than_any_model_has_are_refused()
    {
        using ScratchFolder folder = new();
        string map = string.Join(",", Enumerable.Range(0, 1001).Select(i => $"\"{i}\": \"{i}\""));
        string path = folder.Write(Index, "{\"weight_map\": {" + map + "}}");

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(path));

        Assert.Equal($"'{path}' names 1001 shards, at most 1000 are read.", refused.Message);
    }

    private static void Shard(ScratchFolder folder, string name, params (string Name, float Value)[] tensors) =>
        SafetensorsFile.Write(
            folder.File(name),
            tensors.Select(t => KeyValuePair.Create<string, (long[], float[])>(t.Name, ([1], [t.Value])))
        );
}
