using System.Text.Json;
using AaClip.Graphs;
using AaClip.Import.Adapters;
using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Scoring;
using AaClip.Scoring.Anchors;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;

namespace AaClip.Import.Packages;

/// <summary>
/// Converts CLIP weights and AA-CLIP adapters to a model package: (1) open the weights and determine the sizes; (2) write the graphs; (3)
/// copy the vocabulary; (4) compute hashes and write model.json; (5) run the package on one image, and compute the requested anchors; (6)
/// rename the folder to its final name. If a step before 6 fails, no files remain.
/// </summary>
public static class ModelImporter
{
    private const string VocabularyFile = "bpe_simple_vocab_16e6.txt.gz";

    /// <summary>Imports a model.</summary>
    /// <returns>The new package.</returns>
    /// <exception cref="InvalidDataException">A file is damaged or does not fit; the message names it and the remedy.</exception>
    /// <exception cref="IOException">The output folder exists, or cannot be written.</exception>
    public static ModelPackage Import(
        ImportOptions options,
        IProgress<ImportProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        string output = PackageFiles.RequireNew(options.Output);

        // 1. Weights and shape
        PackageFiles.RequireLabels(options.Name, options.Version);
        using ClipWeights clip = ClipWeights.Open(options.Clip, options.VisionHeads, options.TextHeads);
        ImportedMethod method = ImportedMethod.Of(options, clip);
        using AdapterWeights? adapters = AdapterWeights.Open(method.Adapters, clip.Architecture, options.Epoch);
        CheckShares(options);
        int size = options.Size ?? method.Info.Size ?? clip.Architecture.ImageSize;
        ModelArchitecture shape = Shape(clip.Architecture, size, options.Levels, method.Options);
        Activation published = method.Options.Clean is null ? method.Info.Activation : Activation.QuickGelu; // SC-CLIP's
        Activation activation = options.Activation ?? published;
        AdapterDescription? description = adapters is null
            ? null
            : new AdapterDescription(
                adapters.ImageLayers,
                options.ImageShare,
                adapters.HasText ? adapters.TextLayers : 0,
                options.TextShare,
                adapters.Relu
            );
        Provenance provenance = PackageFiles.Provenance(
            PackageFiles.Sources(
                clip.Files.Select(f => ("clip", f))
                    .Concat(adapters?.Files.Select(f => ("adapters", f)) ?? [])
                    .Concat(method.PromptsFile is { } pack ? [("prompts", pack)] : []),
                progress,
                cancellation
            ),
            TrainingOrigins.Beside(adapters?.Files.FirstOrDefault() ?? method.PromptsFile)
        );
        if (options.RequireKnown)
            options.Known.Require(provenance.Sources);
        // With fixed anchors there are no prompts to make, and no vocabulary is needed
        string? vocabulary = method.Options.FixedAnchors ? null : FindVocabulary(options.Clip, options.Vocabulary);
        string[] classes = method.Options.FixedAnchors ? [] : [.. options.Classes.Distinct()];
        if (vocabulary is not null)
            CheckNames(classes, vocabulary, method.Prompts, shape);

        StagingFolder.RemoveAbandoned(output);
        using StagingFolder staging = new(output);
        int done = 0;
        int total = clip.Tensors.Count + (adapters?.Tensors.Count ?? 0) + (method.Hybrid?.Weights.Count ?? 0);
        float[] Read(string name)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new ImportProgress("Writing weights", Math.Min(++done, total), total));
            (float[] values, string file) =
                adapters is not null && adapters.Tensors.ContainsKey(name) ? (adapters.Read(name), string.Join("' or '", adapters.Files))
                : method.Hybrid?.Weights.GetValueOrDefault(name) is { } learned ? (learned, method.Hybrid.Path)
                : (clip.Read(name), clip.Path);
            PackageFiles.CheckRange(values, name, file, options.Precision);
            return name == "visual.positional_embedding"
                ? Resampling.ResizeTable(values, clip.Architecture.Grid, shape.Grid, shape.Vision.Width, method.Options.Table)
                : values;
        }

        // 2. Graphs
        string image = staging.File(ModelPackage.ImageGraph);
        Preprocessing preprocessing = new() { Size = shape.ImageSize, Filter = method.Info.Filter };
        if (options.Precision == Precision.Fp16 && method.Options == Method.AaClip)
            CudaImageGraph.Write(image, shape, description, activation, preprocessing, Read);
        else if (method.Hybrid is not null)
            AdaClipGraph.Write(image, shape, options.Precision, activation, Read, method.Options);
        else
            ImageGraph.Write(image, shape, description, options.Precision, activation, Read, method.Options);
        if (method.Options.TextTower)
            TextGraph.Write(
                staging.File(ModelPackage.TextGraph),
                shape,
                adapters is { HasText: true } ? description : null,
                Precision.Fp32,
                activation,
                Read
            );

        // 3. Vocabulary and prompts, or the anchors of learned prompts
        if (vocabulary is not null)
            ClipVocabulary.Copy(vocabulary, staging.File(ModelPackage.Tokenizer));
        if (method.Prompts != PromptPack.Default)
            File.WriteAllBytes(staging.File(ModelPackage.Prompts), method.Prompts.ToJson());
        if (method.Learned is { } learned)
            SafetensorsFile.Write(
                staging.File(ModelPackage.Anchors),
                [new(AnchorStore.EveryClass, ([shape.Embed, 2], learned.Anchors(shape, activation, Read, staging.Path)))]
            );

        // 4. Hashes and description
        SortedDictionary<string, PackageFile> files = PackageFiles.Hash(staging, progress, cancellation);
        ModelManifest Describe() =>
            ModelImporter.Describe(options, classes, shape, description, method, activation, preprocessing, provenance, files);
        ModelManifest manifest = Describe();
        WriteManifest(staging, manifest);

        // 5. Try
        progress?.Report(new ImportProgress("Trying the package on one image", total, total));
        Dictionary<string, (long[], float[])> anchors = Try(staging, manifest, method.Prompts, progress, cancellation);
        if (anchors.Count > 0)
        {
            SafetensorsFile.Write(staging.File(ModelPackage.Anchors), anchors);
            files[ModelPackage.Anchors] = PackageFiles.Hash(staging.File(ModelPackage.Anchors));
            WriteManifest(staging, Describe());
        }

        // 6. Rename into place
        cancellation.ThrowIfCancellationRequested();
        staging.Commit();
        return ModelPackage.Open(output);
    }

    /// <summary>The sizes of a model for the given input size; if levels are null, they are after each quarter of the tower.</summary>
    /// <exception cref="InvalidDataException">The size or the levels do not fit the weights.</exception>
    internal static ModelArchitecture Shape(ClipArchitecture clip, int size, IReadOnlyList<int>? wanted, Method? method = null)
    {
        if (size <= 0 || size % clip.Patch != 0)
        {
            int below = Math.Max(0, size) / clip.Patch * clip.Patch;
            throw new InvalidDataException(
                $"--size {size} is not a positive multiple of the model's patch of {clip.Patch} pixels: take "
                    + $"{(below > 0 ? $"{below} or " : "")}{below + clip.Patch}."
            );
        }

        int layers = clip.Vision.Layers;
        // AA-CLIP and AdaCLIP have a projection for each of four levels
        int? count =
            method is null || method == Method.AaClip ? AdapterWeights.Levels
            : method.Hybrid is not null ? AdaClipCheckpoint.Levels
            : null;
        IReadOnlyList<int> levels =
            wanted ?? (count is { } quarters ? [.. Enumerable.Range(1, quarters).Select(i => layers * i / quarters)] : [layers]);
        if (
            levels.Count == 0
            || levels.Count != (count ?? levels.Count)
            || levels[0] < 1
            || levels[^1] > layers
            || levels.Zip(levels.Skip(1)).Any(p => p.First >= p.Second)
        )
            throw new InvalidDataException(
                $"--levels {string.Join(',', levels)} cannot be used: give {(count is null ? "" : $"{count} ")}blocks in rising order, "
                    + $"from 1 to {layers}."
            );
        return clip.Sizes(size, levels);
    }

    private static void CheckNames(string[] classes, string vocabulary, PromptPack prompts, ModelArchitecture shape)
    {
        // Before the long steps
        ClipTokenizer tokenizer = new(ClipVocabulary.Load(vocabulary, shape.Vocabulary));
        foreach (string name in classes.Concat(prompts.Classes.SelectMany(c => c.Names)))
            try
            {
                _ = ClassNames.Resolve(name, tokenizer, prompts, shape.Context);
            }
            catch (ClassNameException e) when (!classes.Contains(name))
            {
                throw new InvalidDataException($"The prompt pack has sentences for '{name}' that cannot be used: {e.Message}", e);
            }
    }

    private static void CheckShares(ImportOptions options)
    {
        foreach (
            (string name, double share) in (ReadOnlySpan<(string, double)>)
                [("--image-share", options.ImageShare), ("--text-share", options.TextShare)]
        )
            if (share is not (>= 0 and <= 1))
                throw new InvalidDataException($"{name} is {share}, expected 0 to 1.");
    }

    /// <summary>
    /// Makes a package that differs only in the calibration of some classes. A package is never changed, so the result is a new package
    /// with its own version.
    /// </summary>
    /// <param name="calibrations">Calibrations by class; "*" applies to every other class.</param>
    /// <param name="output">Folder of the new package; must not exist.</param>
    /// <param name="version">Version of the new package; null derives it from the old version and the calibration.</param>
    /// <exception cref="IOException">The output folder exists, or cannot be written.</exception>
    public static ModelPackage Recalibrate(
        ModelPackage package,
        IReadOnlyDictionary<string, Calibration> calibrations,
        string output,
        string? version = null
    )
    {
        SortedDictionary<string, Calibration> all = new(package.Manifest.Calibrations.ToDictionary(), StringComparer.Ordinal);
        foreach ((string name, Calibration calibration) in calibrations)
        {
            calibration.Validate($"The new calibration of '{name}'");
            if (all.Keys.FirstOrDefault(k => ClassNames.Same(k, name)) is { } old)
                all.Remove(old); // the same class under a different spelling
            all[name] = calibration;
        }

        string content = $"{package.Manifest.Version}\n{string.Join('\n', all)}";
        return Derive(package, output, version, _ => package.Manifest with { Version = TextHash.Hex(content, 8), Calibrations = all });
    }

    /// <summary>
    /// Brings a package of an older program up to date, without its sources: its images can then be compared with references. Scores and
    /// calibrations stay as they are.
    /// </summary>
    /// <param name="output">Folder of the new package; must not exist.</param>
    /// <param name="version">Version of the new package; null derives it from the old version and the new graph.</param>
    /// <exception cref="InvalidDataException">The package is damaged, or up to date already.</exception>
    /// <exception cref="IOException">The output folder exists, or cannot be written.</exception>
    public static ModelPackage Update(ModelPackage package, string output, string? version = null)
    {
        package.Verify([.. package.Manifest.Files.Keys]);
        return Derive(
            package,
            output,
            version,
            staging =>
            {
                string graph = staging.File(ModelPackage.ImageGraph),
                    aside = staging.File("graph");
                Directory.CreateDirectory(aside);
                string written = Path.Combine(aside, ModelPackage.ImageGraph);
                if (!ReferenceHead.Add(graph, written, package.Manifest.Architecture))
                    throw new InvalidDataException($"The package '{package.Folder}' is up to date: use it as it is.");
                File.Move(written, graph, overwrite: true);
                Directory.Delete(aside, recursive: true);
                PackageFile file = PackageFiles.Hash(graph);
                SortedDictionary<string, PackageFile> files = new(package.Manifest.Files.ToDictionary(), StringComparer.Ordinal)
                {
                    [ModelPackage.ImageGraph] = file,
                };
                return package.Manifest with { Version = TextHash.Hex($"{package.Manifest.Version}\n{file.Sha256}", 8), Files = files };
            }
        );
    }

    // A package with the files of another, of which some are changed in the staging folder.
    private static ModelPackage Derive(ModelPackage package, string output, string? version, Func<StagingFolder, ModelManifest> change)
    {
        output = PackageFiles.RequireNew(output);
        PackageFiles.RequireLabels(null, version);

        StagingFolder.RemoveAbandoned(output);
        using StagingFolder staging = new(output);
        foreach (string name in package.Manifest.Files.Keys)
        {
            string copy = staging.File(name);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!); // the file may be in a subfolder
            File.Copy(package.PathOf(name), copy); // uses copy-on-write if the file system supports it
        }

        ModelManifest manifest = change(staging);
        WriteManifest(staging, version is null ? manifest : manifest with { Version = version });
        staging.Commit();
        return ModelPackage.Open(output);
    }

    /// <summary>Finds the vocabulary of CLIP weights: the given one, otherwise one in the weights' folder.</summary>
    /// <exception cref="FileNotFoundException">There is no vocabulary.</exception>
    public static string FindVocabulary(string clip, string? named)
    {
        if (named is not null)
            return named;
        string folder = Directory.Exists(clip) ? clip : Path.GetDirectoryName(Path.GetFullPath(clip)) ?? ".";
        if (File.Exists(Path.Combine(folder, VocabularyFile)))
            return Path.Combine(folder, VocabularyFile);
        if (File.Exists(Path.Combine(folder, "vocab.json")) && File.Exists(Path.Combine(folder, "merges.txt")))
            return folder;
        throw new FileNotFoundException(
            $"No vocabulary beside '{clip}': name CLIP's {VocabularyFile}, or a folder with vocab.json and merges.txt, with --vocab."
        );
    }

    private static ModelManifest Describe(
        ImportOptions options,
        IReadOnlyList<string> classes,
        ModelArchitecture shape,
        AdapterDescription? adapters,
        ImportedMethod method,
        Activation activation,
        Preprocessing preprocessing,
        Provenance provenance,
        SortedDictionary<string, PackageFile> files
    )
    {
        string prompts = method.Prompts.Fingerprint;
        Method? stored = method.Options == Method.AaClip ? null : method.Options;
        // everything that a score depends on
        IEnumerable<string> content = files.Select(f => $"{f.Key} {f.Value.Sha256}").Append(prompts);
        if (stored is not null)
            content = content.Append(JsonSerializer.Serialize(stored, PackageJson.Default.Method));
        return new ModelManifest
        {
            SchemaVersion =
                stored is null && method.Prompts == PromptPack.Default && options.Precision != Precision.Fp16
                    ? ModelManifest.FirstSchema
                    : ModelManifest.CurrentSchema, // older programs can neither read the method nor give a graph bytes
            Name = options.Name ?? PackageFiles.Label(options.Output),
            Version = options.Version ?? TextHash.Hex(string.Join('\n', content), 8),
            Architecture = shape,
            Adapters = adapters,
            StoredMethod = stored,
            Activation = activation,
            Precision = options.Precision,
            Preprocessing = preprocessing,
            Prompts = prompts,
            Classes = classes,
            Files = files,
            Provenance = provenance,
        };
    }

    private static void WriteManifest(StagingFolder staging, ModelManifest manifest) =>
        File.WriteAllBytes(
            staging.File(ModelManifest.FileName),
            JsonSerializer.SerializeToUtf8Bytes(manifest, PackageJson.Default.ModelManifest)
        );

    // Runs both towers once, on a real sentence and a grey image, to find errors of graphs and weights at import and not in production.
    private static Dictionary<string, (long[] Shape, float[] Values)> Try(
        StagingFolder staging,
        ModelManifest manifest,
        PromptPack prompts,
        IProgress<ImportProgress>? progress,
        CancellationToken cancellation
    )
    {
        string cache = staging.File("cache");
        using AnomalyScorer scorer = AnomalyScorer.Load(
            staging.Path,
            new ScorerOptions
            {
                Provider = Provider.Cpu,
                Verify = false,
                CacheFolder = cache,
            }
        );
        Dictionary<string, (long[] Shape, float[] Values)> anchors = [];
        foreach (string name in manifest.Classes)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new ImportProgress($"Making anchors for '{name}'", anchors.Count, manifest.Classes.Count));
            anchors[prompts.Resolve(name)] = ([manifest.Architecture.Embed, 2], scorer.AnchorsOf(name));
        }

        float[] some = anchors.Count > 0 ? anchors.Values.First().Values : scorer.AnchorsOf(ClassNames.AnyObject);
        if (Directory.Exists(cache)) // with fixed anchors nothing is cached
            Directory.Delete(cache, recursive: true);
        if (manifest.Precision == Precision.Fp16)
            return anchors; // float16 is for CUDA; on the CPU one image takes half a minute
        int size = manifest.Architecture.ImageSize;
        byte[] grey = new byte[3 * size * size];
        Array.Fill(grey, (byte)128);
        _ = scorer.Score(new RgbImage(size, size, grey), some, Domain.Industrial, cancellation); // throws if a result is NaN
        return anchors;
    }
}
