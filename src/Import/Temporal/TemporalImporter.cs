using System.Globalization;
using System.Text.Json;
using AaClip.Graphs;
using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Import.Packages;
using AaClip.Scoring;
using AaClip.Scoring.Events;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;

namespace AaClip.Import.Temporal;

/// <summary>
/// Converts a checkpoint of VadCLIP to a temporal package: (1) open the weights, and compare their sizes; (2) write the graphs; (3) compute
/// the embeddings of the classes through the text tower, which does not come along; (4) compute hashes and write model.json; (5) run the
/// package on one frame and one sequence; (6) rename the folder to its final name. If a step before 6 fails, no files remain.
/// </summary>
public static class TemporalImporter
{
    private const int PublishedFrames = 16; // of a snippet
    private const double PublishedRate = 30; // frames per second of UCF-Crime

    /// <summary>Imports a model.</summary>
    /// <returns>The new package.</returns>
    /// <exception cref="InvalidDataException">A file is damaged or does not fit; the message names it and the remedy.</exception>
    /// <exception cref="IOException">The output folder exists, or cannot be written.</exception>
    public static TemporalPackage Import(
        TemporalImportOptions options,
        IProgress<ImportProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        // 1. Weights and sizes
        string output = PackageFiles.RequireNew(options.Output);
        PackageFiles.RequireLabels(options.Name, options.Version);
        IReadOnlyList<string> classes = VadClipTexts.Parse(options.Classes);
        VadClipCheckpoint head = VadClipCheckpoint.Open(options.Checkpoint, options.Window);
        using ClipWeights clip = OpenClip(options.Clip, head, options.VisionHeads, options.TextHeads);
        string vocabulary = ModelImporter.FindVocabulary(options.Clip ?? options.Checkpoint, options.Vocabulary);
        ClipTokenizer tokenizer = new(ClipVocabulary.Load(vocabulary, clip.Architecture.Vocabulary));
        long[][] tokens = VadClipTexts.Tokens(classes, tokenizer, clip.Architecture.Context);

        StagingFolder.RemoveAbandoned(output);
        using StagingFolder staging = new(output);
        int done = 0,
            total = clip.Tensors.Keys.Count(n => n.StartsWith("visual.", StringComparison.Ordinal)) + head.Weights.Count;

        // 2. Graphs
        FrameGraph.Write(
            staging.File(TemporalPackage.FrameGraph),
            clip.Architecture.ImageTower,
            Activation.QuickGelu,
            name => Read(name, clip.Read(name), clip.Path)
        );
        TemporalHeadGraph.Write(staging.File(TemporalPackage.HeadGraph), head.Head, name => Read(name, head.Weights[name], head.Path));

        // 3. Classes
        progress?.Report(new ImportProgress("Embedding the classes", total, total));
        float[] embeddings = VadClipTexts.Embed(clip, head, tokens, staging.Path);
        SafetensorsFile.Write(
            staging.File(TemporalPackage.Classes),
            [new("classes", ([classes.Count, clip.Architecture.EmbedDim], embeddings))]
        );

        // 4. Hashes and description
        SortedDictionary<string, PackageFile> files = PackageFiles.Hash(staging, progress, cancellation);
        TemporalManifest manifest = Describe(options, classes, head, clip, files, progress, cancellation);
        Write(staging, manifest);

        // 5. Try
        progress?.Report(new ImportProgress("Trying the package on a frame and a sequence", total, total));
        Try(staging.Path);

        // 6. Rename into place
        cancellation.ThrowIfCancellationRequested();
        staging.Commit();
        return TemporalPackage.Open(output);

        float[] Read(string name, float[] values, string file)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new ImportProgress("Writing weights", Math.Min(++done, total), total));
            PackageFiles.CheckRange(values, name, file, Precision.Fp32);
            return values;
        }
    }

    /// <summary>Makes a package that differs only in its rule for events.</summary>
    /// <param name="output">Folder of the new package; must not exist.</param>
    /// <param name="version">Version of the new package; null derives it from the old version and the rule.</param>
    /// <exception cref="IOException">The output folder exists, or cannot be written.</exception>
    public static TemporalPackage Recalibrate(TemporalPackage package, EventCalibration calibration, string output, string? version = null)
    {
        output = PackageFiles.RequireNew(output);
        PackageFiles.RequireLabels(null, version);
        StagingFolder.RemoveAbandoned(output);
        using StagingFolder staging = new(output);
        foreach (string name in package.Manifest.Files.Keys)
            File.Copy(package.PathOf(name), staging.File(name));
        string content = $"{package.Manifest.Version}\n{calibration}";
        Write(staging, package.Manifest with { Version = version ?? TextHash.Hex(content, 8), Calibration = calibration });
        staging.Commit();
        return TemporalPackage.Open(output);
    }

    /// <summary>Opens the CLIP model that a head belongs to, and compares the sizes.</summary>
    /// <exception cref="InvalidDataException">There is none, or it is another one.</exception>
    internal static ClipWeights OpenClip(string? clip, VadClipCheckpoint head, int? visionHeads, int? textHeads)
    {
        if (clip is null && !VadClipCheckpoint.HasClip(head.Path))
            throw new InvalidDataException(
                $"'{head.Path}' holds no CLIP model: name the one it was trained with, ViT-B-16.pt, with --clip."
            );
        ClipWeights weights = ClipWeights.Open(clip ?? head.Path, visionHeads, textHeads);
        ClipArchitecture sizes = weights.Architecture;
        if (sizes.EmbedDim == head.Head.Width && sizes.Text.Width == head.TextWidth && sizes.Context == head.Context)
            return weights;
        weights.Dispose();
        throw new InvalidDataException(
            $"'{head.Path}' was trained with a CLIP model of joint width {head.Head.Width} and text width {head.TextWidth}, but "
                + $"'{weights.Path}' has {sizes.EmbedDim} and {sizes.Text.Width}: pass ViT-B-16.pt."
        );
    }

    private static TemporalManifest Describe(
        TemporalImportOptions options,
        IReadOnlyList<string> classes,
        VadClipCheckpoint head,
        ClipWeights clip,
        SortedDictionary<string, PackageFile> files,
        IProgress<ImportProgress>? progress,
        CancellationToken cancellation
    )
    {
        FramePreprocessing frame = FramePreprocessing.For(
            clip.Architecture.ImageSize,
            options.Mirrored ?? ReferenceEquals(classes, VadClipTexts.Ucf)
        );
        EventScore score = options.Score ?? (ReferenceEquals(classes, VadClipTexts.Xd) ? EventScore.Alignment : EventScore.Binary);
        IEnumerable<string> content = files
            .Select(f => $"{f.Key} {f.Value.Sha256}")
            .Append(string.Create(CultureInfo.InvariantCulture, $"{frame.Width} {frame.Height} {frame.Size} {frame.Mirrored} {score}"))
            .Concat(classes);
        Dictionary<string, ProvenanceFile> sources = PackageFiles.Sources(
            clip.Files.Select(f => ("clip", f)).Prepend(("head", head.Path)).DistinctBy(s => s.Item2),
            progress,
            cancellation
        );

        return new TemporalManifest
        {
            SchemaVersion = TemporalManifest.CurrentSchema,
            Kind = PackageKind.Temporal,
            Name = options.Name ?? PackageFiles.Label(options.Output),
            Version = options.Version ?? TextHash.Hex(string.Join('\n', content), 8),
            Method = "vadclip",
            Frame = frame,
            Vision = clip.Architecture.Vision,
            Head = head.Head,
            Classes = classes,
            Score = score,
            SnippetFrames = PublishedFrames,
            SnippetSeconds = PublishedFrames / PublishedRate,
            Files = files,
            Provenance = PackageFiles.Provenance(sources, TrainingOrigins.Beside(head.Path)),
        };
    }

    private static void Write(StagingFolder staging, TemporalManifest manifest) =>
        File.WriteAllBytes(
            staging.File(ModelManifest.FileName),
            JsonSerializer.SerializeToUtf8Bytes(manifest, TemporalJson.Default.TemporalManifest)
        );

    // Finds errors of graphs and weights now rather than later; throws if a value is not finite.
    private static void Try(string folder)
    {
        using TemporalScorer scorer = TemporalScorer.Load(folder, new ScorerOptions { Provider = Provider.Cpu, Verify = false });
        FramePreprocessing frame = scorer.Model.Frame;
        byte[] grey = new byte[3 * frame.Width * frame.Height];
        Array.Fill(grey, (byte)128);
        float[] feature = scorer.Frames.Feature(new RgbImage(frame.Width, frame.Height, grey));
        _ = scorer.Score([.. feature, .. feature]);
    }
}
