using AaClip.Import.Torch;
using AaClip.Scoring.Tensors;

namespace AaClip.Import;

/// <summary>
/// The tensors and values of a checkpoint in any supported container: safetensors (one file or shards), a PyTorch zip with a pickle, one
/// such file packed into another zip, a TorchScript archive, or a Hugging Face model folder. Tensors stay in the mapped file until they are
/// read. No code from the file is
/// executed.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    private readonly IReadOnlyList<IDisposable> _owned;

    internal Checkpoint(
        string path,
        IReadOnlyDictionary<string, StoredTensor> tensors,
        IReadOnlyDictionary<string, object?> values,
        params IReadOnlyList<IDisposable> owned
    )
    {
        Path = path;
        Tensors = tensors;
        Values = values;
        _owned = owned;
    }

    /// <summary>Path of the file; for a folder, the file found inside.</summary>
    public string Path { get; }

    /// <summary>All files that were read: <see cref="Path"/> and, if it is an index, its shards.</summary>
    public IEnumerable<string> Files => Tensors.Values.Select(t => t.File).Prepend(Path).Distinct(StringComparer.Ordinal);

    /// <summary>
    /// Tensors by name. Names of nested dictionaries, modules and lists are joined with dots: "image_adapter.det_proj.fc.weight",
    /// "image_optimizer.state.0.exp_avg". Valid until this object is disposed.
    /// </summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>
    /// All values that are not tensors, with names of the same form: null, bool, long, double, string or byte[], such as "epoch" or
    /// "image_optimizer.param_groups.0.lr". For a safetensors file, its metadata.
    /// </summary>
    public IReadOnlyDictionary<string, object?> Values { get; }

    /// <summary>Opens a checkpoint. The container is detected from the content, not from the file's name.</summary>
    /// <param name="path">A file, or a folder with a file that has one of the usual names.</param>
    /// <exception cref="FileNotFoundException">The file or folder does not exist.</exception>
    /// <exception cref="InvalidDataException">
    /// The checkpoint is damaged, malicious or of another kind; the message names the file, the faulty part and the remedy.
    /// </exception>
    public static Checkpoint Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = Directory.Exists(path) ? ModelFolder.Find(path) : path;
        return OpenFile(file, mayBeIndex: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
            owned.Dispose();
    }

    /// <summary>
    /// Opens one file. An index of shards is accepted only if <paramref name="mayBeIndex"/>, so that an index cannot refer to another
    /// index.
    /// </summary>
    internal static Checkpoint OpenFile(string path, bool mayBeIndex)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no checkpoint at '{path}': give the path of a file or of a model folder.", path);

        MappedFile file = new(path);
        try
        {
            switch (Container.Recognise(file))
            {
                case ContainerKind.Zip when ZippedCheckpoint.Unpack(file) is { } unpacked:
                    file.Dispose();
                    try
                    {
                        return OpenTorch(unpacked.Content, unpacked);
                    }
                    catch
                    {
                        unpacked.Dispose();
                        throw;
                    }
                case ContainerKind.Zip:
                    return OpenTorch(file, file);
                case ContainerKind.Index when mayBeIndex:
                    Checkpoint sharded = ShardedIndex.Open(file);
                    file.Dispose();
                    return sharded;
                case ContainerKind.Index:
                    throw new InvalidDataException(
                        $"'{path}' is named as a shard, but is an index of shards itself: download the checkpoint again."
                    );
                default:
                    file.Dispose();
                    SafetensorsFile safetensors = SafetensorsFile.Open(path);
                    return new Checkpoint(
                        path,
                        safetensors.Tensors,
                        safetensors.Metadata.ToDictionary(m => m.Key, m => (object?)m.Value),
                        safetensors
                    );
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static Checkpoint OpenTorch(MappedFile file, IDisposable owned)
    {
        if (Container.Recognise(file) != ContainerKind.Zip)
            throw new InvalidDataException($"What '{file.Path}' has inside is no checkpoint of torch.save: unpack it, and pass it itself.");
        FlatView view = FlatView.Of(TorchFile.Read(file), file.Path);
        return new Checkpoint(file.Path, view.Tensors, view.Values, owned);
    }
}
