using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AaClip.Checkpoints.Adapters;
using AaClip.Checkpoints.Clip;
using AaClip.Checkpoints.Onnx;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;

namespace AaClip.Checkpoints.Import;

/// <summary>
/// Turns CLIP weights and AA-CLIP adapters into a model package:
/// 1. open the weights and settle the shape; 2. write the graphs; 3. copy the vocabulary; 4. make the anchors that were asked for;
/// 5. describe and hash everything; 6. try the package on one image; 7. rename it into place.
/// Whatever fails before 7 leaves nothing behind.
/// </summary>
public static class ModelImporter
{
    private const string VocabularyFile = "bpe_simple_vocab_16e6.txt.gz";

    /// <summary>Imports.</summary>
    /// <returns>The package.</returns>
    /// <exception cref="InvalidDataException">A file is damaged or does not fit; the message names it and the remedy.</exception>
    /// <exception cref="IOException">The output folder exists, or cannot be written.</exception>
    public static ModelPackage Import(ImportOptions options, IProgress<ImportProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        string output = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Output));
        if (Path.Exists(output))
            throw new IOException($"'{output}' exists already, and a package never changes: choose another --out, or delete it first.");

        // 1
        using ClipWeights clip = ClipWeights.Open(options.Clip, options.VisionHeads, options.TextHeads);
        using AdapterWeights? adapters = AdapterWeights.Open(options.Adapters, clip.Architecture, options.Epoch);
        ModelArchitecture shape = Shape(clip.Architecture, options);
        AdapterDescription? description = adapters is null ? null : new AdapterDescription(
            adapters.ImageLayers, options.ImageShare, adapters.HasText ? adapters.TextLayers : 0, options.TextShare, adapters.Relu);
        string vocabulary = FindVocabulary(options);
        _ = ClipVocabulary.Load(vocabulary, shape.Vocabulary); // fails now rather than after the long part

        StagingFolder.RemoveAbandoned(output);
        using StagingFolder staging = new(output);
        int done = 0;
        int total = clip.Tensors.Count + (adapters?.Tensors.Count ?? 0);
        float[] Read(string name)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new ImportProgress("Writing weights", Math.Min(++done, total), total));
            float[] values = adapters is not null && adapters.Tensors.ContainsKey(name) ? adapters.Read(name) : clip.Read(name);
            return name == "visual.positional_embedding"
                ? Bicubic.ResizeTable(values, clip.Architecture.Grid, shape.Grid, shape.Vision.Width)
                : values;
        }

        // 2
        ImageGraph.Write(staging.File(ModelPackage.ImageGraph), shape, description is { ImageBlocks: > 0 } ? description : null, options.Precision, options.Activation, Read);
        TextGraph.Write(staging.File(ModelPackage.TextGraph), shape, description is { TextBlocks: > 0 } ? description : null, Precision.Fp32, options.Activation, Read);

        // 3
        ClipVocabulary.Copy(vocabulary, staging.File(ModelPackage.Tokenizer));

        // 4 and 5
        Dictionary<string, ProvenanceFile> sources = Sources(clip, adapters, progress);
        ModelManifest manifest = Describe(options, staging, shape, description, sources, []);
        if (options.Classes.Count > 0)
        {
            WriteAnchors(staging, options.Classes, shape, progress, cancellation);
            manifest = Describe(options, staging, shape, description, sources, options.Classes);
        }

        // 6 and 7
        cancellation.ThrowIfCancellationRequested();
        progress?.Report(new ImportProgress("Trying the package on one image", total, total));
        Try(staging.Path, manifest);
        cancellation.ThrowIfCancellationRequested();
        staging.Commit();
        return ModelPackage.Open(output);
    }

    private static ModelArchitecture Shape(ClipArchitecture clip, ImportOptions options)
    {
        if (options.Size <= 0 || options.Size % clip.Patch != 0)
            throw new InvalidDataException($"--size {options.Size} is not a positive multiple of the model's patch of {clip.Patch} pixels: take {Math.Max(1, options.Size / clip.Patch) * clip.Patch} or {(Math.Max(0, options.Size) / clip.Patch + 1) * clip.Patch}.");
        int layers = clip.Vision.Layers;
        IReadOnlyList<int> levels = options.Levels ?? [.. Enumerable.Range(1, AdapterWeights.Levels).Select(i => layers * i / AdapterWeights.Levels)];
        if (levels.Count != AdapterWeights.Levels || levels[0] < 1 || levels[^1] > layers || levels.Zip(levels.Skip(1)).Any(p => p.First >= p.Second))
            throw new InvalidDataException($"--levels {string.Join(',', levels)} cannot be used: give {AdapterWeights.Levels} blocks in rising order, from 1 to {layers}.");
        foreach ((string name, double share) in (ReadOnlySpan<(string, double)>)[("--image-share", options.ImageShare), ("--text-share", options.TextShare)])
            if (share is not (>= 0 and <= 1))
                throw new InvalidDataException($"{name} is {share}, expected 0 to 1.");
        return new ModelArchitecture
        {
            ImageSize = options.Size,
            NativeImageSize = clip.ImageSize,
            Patch = clip.Patch,
            Vision = clip.Vision,
            Text = clip.Text,
            Context = clip.Context,
            Vocabulary = clip.Vocabulary,
            Embed = clip.EmbedDim,
            Levels = levels,
        };
    }

    private static string FindVocabulary(ImportOptions options)
    {
        if (options.Vocabulary is { } named)
            return named;
        string folder = Directory.Exists(options.Clip) ? options.Clip : Path.GetDirectoryName(Path.GetFullPath(options.Clip)) ?? ".";
        if (File.Exists(Path.Combine(folder, VocabularyFile)))
            return Path.Combine(folder, VocabularyFile);
        if (File.Exists(Path.Combine(folder, "vocab.json")) && File.Exists(Path.Combine(folder, "merges.txt")))
            return folder;
        throw new FileNotFoundException($"No vocabulary beside '{options.Clip}': name CLIP's {VocabularyFile}, or a folder with vocab.json and merges.txt, with --vocab.");
    }

    private static Dictionary<string, ProvenanceFile> Sources(ClipWeights clip, AdapterWeights? adapters, IProgress<ImportProgress>? progress)
    {
        Dictionary<string, ProvenanceFile> sources = [];
        foreach ((string role, string path) in adapters?.Files.Select(f => ("adapters", f)).Prepend(("clip", clip.Path)) ?? [("clip", clip.Path)])
        {
            progress?.Report(new ImportProgress($"Hashing {Path.GetFileName(path)}", 1, 1));
            sources[$"{role}/{Path.GetFileName(path)}"] = new ProvenanceFile(Path.GetFileName(path), new FileInfo(path).Length, ModelPackage.HashOf(path));
        }

        return sources;
    }

    private static void WriteAnchors(StagingFolder staging, IReadOnlyList<string> classes, ModelArchitecture shape, IProgress<ImportProgress>? progress, CancellationToken cancellation)
    {
        using AnomalyScorer scorer = AnomalyScorer.Load(staging.Path, new ScorerOptions { Provider = Provider.Cpu, Verify = false, CacheFolder = staging.File("cache") });
        Dictionary<string, (long[], float[])> anchors = [];
        foreach (string name in classes)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new ImportProgress($"Making anchors for '{name}'", anchors.Count, classes.Count));
            anchors[ClassNames.Resolve(name)] = ([shape.Embed, 2], scorer.AnchorsOf(name));
        }

        SafetensorsFile.Write(staging.File(ModelPackage.Anchors), anchors);
        Directory.Delete(staging.File("cache"), recursive: true);
    }

    private static ModelManifest Describe(
        ImportOptions options, StagingFolder staging, ModelArchitecture shape, AdapterDescription? adapters, Dictionary<string, ProvenanceFile> sources, IReadOnlyList<string> classes)
    {
        SortedDictionary<string, PackageFile> files = new(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(staging.Path, "*", SearchOption.AllDirectories))
            if (Path.GetFileName(file) != ModelManifest.FileName)
                files[Path.GetRelativePath(staging.Path, file).Replace('\\', '/')] = new PackageFile(new FileInfo(file).Length, ModelPackage.HashOf(file));
        string content = string.Join('\n', files.Select(f => $"{f.Key} {f.Value.Sha256}"));
        string name = options.Name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Output)));
        ModelManifest manifest = new()
        {
            SchemaVersion = ModelManifest.CurrentSchema,
            Name = name,
            Version = options.Version ?? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)))[..8],
            Architecture = shape,
            Adapters = adapters,
            Activation = options.Activation,
            Precision = options.Precision,
            Preprocessing = new Preprocessing { Size = shape.ImageSize },
            Prompts = PromptEnsemble.Default.Fingerprint,
            Classes = classes,
            Files = files,
            Provenance = new Provenance
            {
                Sources = sources,
                WrittenBy = $"aaclip {typeof(ModelImporter).Assembly.GetName().Version?.ToString(3)}",
                WrittenAt = TimeProvider.System.GetUtcNow(),
            },
        };
        File.WriteAllBytes(staging.File(ModelManifest.FileName), JsonSerializer.SerializeToUtf8Bytes(manifest, PackageJson.Default.ModelManifest));
        return manifest;
    }

    // A grey image through the whole graph: weights with NaN or of the wrong kind show here, not on a production line.
    private static void Try(string folder, ModelManifest manifest)
    {
        if (manifest.Precision == Precision.Fp16)
            return; // meant for CUDA; on a CPU one image takes half a minute
        int size = manifest.Architecture.ImageSize;
        byte[] grey = new byte[3 * size * size];
        Array.Fill(grey, (byte)128);
        float[] anchors = new float[2 * manifest.Architecture.Embed];
        anchors[0] = anchors[^1] = 1; // any two different unit vectors
        using AnomalyScorer scorer = AnomalyScorer.Load(folder, new ScorerOptions { Provider = Provider.Cpu, Verify = false });
        ImageScore score = scorer.Score(new RgbImage(size, size, grey), anchors, Scoring.Maps.Domain.Industrial);
        if (!float.IsFinite(score.Detection) || !float.IsFinite(score.MapMax))
            throw new InvalidDataException($"The imported model gives {score.Detection} for a plain image: the weights hold values that are not numbers, or the adapters belong to another model.");
    }
}
