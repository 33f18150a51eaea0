using System.Collections.Concurrent;
using System.Globalization;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;

namespace AaClip.Scoring.Anchors;

/// <summary>
/// Anchors by class name: from memory, from the model package, from the cache folder, or computed and then stored in memory and in the
/// cache folder. Thread-safe; each name is computed by one thread at a time. Memory is not limited: an entry has a few kilobytes (6 KB at
/// width 768), and the names come from configuration, not from images.
/// </summary>
public sealed class AnchorStore
{
    private const string TensorName = "anchors";
    private const string ClassKey = "class";

    /// <summary>Name in the package's file of anchors that hold for every class.</summary>
    public const string EveryClass = "*";

    private readonly Func<string, float[]> _compute;
    private readonly Action<string> _warn;
    private readonly string _folder;
    private readonly int _width;
    private readonly Dictionary<string, float[]> _packaged = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<float[]>> _known = new(StringComparer.Ordinal);
    private int _warned;

    /// <summary>Opens a store; reads only the package's anchors.</summary>
    /// <param name="packageAnchorsFile">
    /// The package's anchors.safetensors: one tensor [width, 2] per class name, or one for every class. Null or a
    /// missing file means no anchors.
    /// </param>
    /// <param name="cacheFolder">Folder for computed anchors, such as <see cref="CacheFolder.Path"/>; created when first needed.</param>
    /// <param name="key">
    /// Name of the subfolder. It must change with everything that the anchors depend on: weights, adapters, prompts, vocabulary.
    /// </param>
    /// <param name="width">Width of the joint embedding space.</param>
    /// <param name="compute">Returns [width, 2] for a class name; may be slow.</param>
    /// <param name="warn">Called once if the cache folder cannot be written.</param>
    /// <exception cref="InvalidDataException">The package's file is damaged, or has another width.</exception>
    public AnchorStore(
        string? packageAnchorsFile,
        string cacheFolder,
        string key,
        int width,
        Func<string, float[]> compute,
        Action<string>? warn = null
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(cacheFolder);
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (key is "." or ".." || key.AsSpan().ContainsAny(Path.GetInvalidFileNameChars()) || key.Contains('\\'))
            throw new ArgumentException(
                $"The cache key '{key}' is not a folder name: use letters and digits, such as a hash.",
                nameof(key)
            );

        _folder = Path.Combine(cacheFolder, key);
        _width = width;
        _compute = compute;
        _warn = warn ?? (_ => { });
        if (packageAnchorsFile is not null && File.Exists(packageAnchorsFile))
        {
            using SafetensorsFile file = SafetensorsFile.Open(packageAnchorsFile);
            foreach ((string name, StoredTensor tensor) in file.Tensors)
                _packaged[name] = tensor.Expect("the package was put together from different models, make it again", width, 2).ToFloat32();
        }
    }

    /// <summary>The anchors of a class.</summary>
    /// <param name="name">The name as used in the prompts; see <see cref="ClassNames.Resolve(string)"/>.</param>
    /// <returns>[width, 2], row-major: column 0 normal, column 1 abnormal. The array is shared: do not write to it.</returns>
    /// <exception cref="InvalidOperationException">
    /// The computation returned a wrong number of values. Exceptions of the computation itself are not caught, and the next call computes
    /// again.
    /// </exception>
    public float[] Get(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (_packaged.TryGetValue(name, out float[]? packaged) || _packaged.TryGetValue(EveryClass, out packaged))
            return packaged;

        Lazy<float[]> entry = _known.GetOrAdd(name, n => new Lazy<float[]>(() => ReadOrCompute(n)));
        try
        {
            return entry.Value;
        }
        catch
        {
            _known.TryRemove(new KeyValuePair<string, Lazy<float[]>>(name, entry)); // remove only this failed entry, not a newer one
            throw;
        }
    }

    private float[] ReadOrCompute(string name)
    {
        string path = Path.Combine(_folder, TextHash.Hex(name, 32) + ".safetensors");
        if (TryRead(path, name) is { } cached)
            return cached;

        float[] anchors = _compute(name);
        if (anchors.Length != 2 * _width)
            throw new InvalidOperationException(
                $"The anchors computed for '{name}' have {anchors.Length} values, expected {2 * _width} for width {_width}."
            );
        Write(path, name, anchors);
        return anchors;
    }

    // A cached file with any error is treated as missing and is written again.
    private float[]? TryRead(string path, string name)
    {
        try
        {
            if (!File.Exists(path))
                return null;
            using SafetensorsFile file = SafetensorsFile.Open(path);
            if (
                !file.Metadata.TryGetValue(ClassKey, out string? stored)
                || stored != name
                || !file.Tensors.TryGetValue(TensorName, out StoredTensor? tensor)
            )
                return null;
            float[] anchors = tensor.Expect("", _width, 2).ToFloat32();
            return Array.TrueForAll(anchors, float.IsFinite) ? anchors : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }

    private void Write(string path, string name, float[] anchors)
    {
        try
        {
            Directory.CreateDirectory(_folder);
            SafetensorsFile.Write(
                path,
                [new(TensorName, ([_width, 2], anchors))],
                new Dictionary<string, string> { [ClassKey] = name, ["width"] = _width.ToString(CultureInfo.InvariantCulture) }
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (Interlocked.Exchange(ref _warned, 1) == 0)
                _warn(
                    $"Text anchors cannot be kept in '{_folder}' ({e.Message}); they are computed again in every process. Make the "
                        + $"folder writable, or name another with {CacheFolder.Variable}."
                );
        }
    }
}
