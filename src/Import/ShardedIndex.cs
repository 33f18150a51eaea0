using System.Text.Json;
using AaClip.Import.Torch;
using AaClip.Scoring.Tensors;

namespace AaClip.Import;

/// <summary>
/// Reads a sharded checkpoint: a JSON index whose "weight_map" gives the file of each tensor; all files are in one folder.
/// </summary>
internal static class ShardedIndex
{
    private const int MaxIndex = 64 << 20;
    private const int MaxShards = 1000;

    /// <summary>Opens the index and every shard it names.</summary>
    /// <exception cref="InvalidDataException">A shard or tensor is wrong or missing; the message names it and the index.</exception>
    public static Checkpoint Open(MappedFile index)
    {
        // 1. Map from tensor to shard
        Dictionary<string, string> shardOf = ReadMap(index);
        string[] names = [.. shardOf.Values.Distinct(StringComparer.Ordinal)];
        if (names.Length > MaxShards)
            throw new InvalidDataException($"'{index.Path}' names {names.Length} shards, at most {MaxShards} are read.");

        // 2. Open the shards; close all if one cannot be used
        string folder = Path.GetDirectoryName(Path.GetFullPath(index.Path)) ?? ".";
        Dictionary<string, Checkpoint> shards = new(StringComparer.Ordinal);
        try
        {
            foreach (string name in names)
                shards.Add(name, OpenShard(index.Path, folder, name));

            // 3. Take each tensor from its shard
            Dictionary<string, StoredTensor> tensors = new(StringComparer.Ordinal);
            foreach ((string tensor, string shard) in shardOf)
                tensors.Add(
                    tensor,
                    shards[shard].Tensors.TryGetValue(tensor, out StoredTensor? found)
                        ? found
                        : throw new InvalidDataException(
                            $"'{index.Path}' places tensor '{Text.Shorten(tensor)}' in shard '{shard}', which does not have it: the "
                                + $"shards are not of one download."
                        )
                );
            return new Checkpoint(index.Path, tensors, new Dictionary<string, object?>(), [.. shards.Values]);
        }
        catch
        {
            foreach (Checkpoint shard in shards.Values)
                shard.Dispose();
            throw;
        }
    }

    private static Dictionary<string, string> ReadMap(MappedFile index)
    {
        if (index.Length > MaxIndex)
            throw new InvalidDataException($"'{index.Path}' has {index.Length} bytes, an index of shards has at most {MaxIndex}.");
        try
        {
            using JsonDocument json = JsonDocument.Parse(index.Slice(0, index.Length));
            if (!json.RootElement.TryGetProperty("weight_map", out JsonElement map))
                throw new InvalidDataException(
                    $"'{index.Path}' is JSON without a 'weight_map', so it is not an index of shards: give the path of the weights."
                );
            Dictionary<string, string> shardOf = new(StringComparer.Ordinal);
            foreach (JsonProperty entry in map.EnumerateObject())
                if (!shardOf.TryAdd(entry.Name, entry.Value.GetString() ?? ""))
                    throw new InvalidDataException($"'{index.Path}' names tensor '{Text.Shorten(entry.Name)}' twice.");
            return shardOf;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException(
                $"'{index.Path}' is not an index of shards: it cannot be read as JSON of that form ({e.Message}).",
                e
            );
        }
    }

    private static Checkpoint OpenShard(string index, string folder, string name)
    {
        // Only a plain file name in the same folder is allowed: an index must not refer to other files.
        if (name.Length is 0 or > 255 || name is "." or ".." || name.AsSpan().ContainsAny("/\\:\0"))
            throw new InvalidDataException(
                $"'{index}' names the shard '{Text.Shorten(name)}', expected the bare name of a file beside it."
            );
        string path = Path.Combine(folder, name);
        if (!File.Exists(path))
            throw new InvalidDataException($"'{index}' needs the shard '{name}', which is not in its folder: download the missing file.");
        return Checkpoint.OpenFile(path, mayBeIndex: false);
    }
}
