using System.Globalization;
using System.Text.Json;
using AaClip.Graphs;
using AaClip.Import.Methods;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;

namespace AaClip.Import.Packages;

/// <summary>
/// Makes a package that tells generated pictures from photos: (1) open the weights; (2) write the graph; (3) compute hashes and write
/// model.json; (4) run it on one picture; (5) rename the folder to its final name. If a step before 5 fails, no files remain.
/// </summary>
public static class CheckImporter
{
    /// <summary>Imports C2P-CLIP.</summary>
    /// <returns>The new package.</returns>
    /// <exception cref="InvalidDataException">A file is damaged or does not fit; the message names it and the remedy.</exception>
    /// <exception cref="IOException">The output folder exists, or cannot be written.</exception>
    public static CheckPackage Import(
        CheckImportOptions options,
        IProgress<ImportProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        // 1. Weights
        string output = PackageFiles.RequireNew(options.Output);
        PackageFiles.RequireLabels(options.Name, options.Version);
        using C2pClip weights = C2pClip.Open(options.Check, options.LoraAlpha, options.Heads);
        Activation activation = options.Activation ?? C2pClip.PublishedActivation;
        VisionArchitecture shape = weights.Architecture;
        Preprocessing preprocessing = new()
        {
            Size = shape.ImageSize,
            Filter = ResizeFilter.Bilinear,
            Fit = ImageFit.CentreCrop,
        };
        StagingFolder.RemoveAbandoned(output);
        using StagingFolder staging = new(output);

        // 2. Graph
        int done = 0;
        float[] Read(string name)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new ImportProgress("Writing weights", Math.Min(++done, weights.Count), weights.Count));
            float[] values = weights.Read(name);
            PackageFiles.CheckRange(values, name, weights.Path, options.Precision);
            return values;
        }

        CheckGraph.Write(staging.File(CheckPackage.Graph), shape, options.Precision, activation, Read);

        // 3. Hashes and description
        Dictionary<string, ProvenanceFile> sources = PackageFiles.Sources(weights.Files.Select(f => ("check", f)), progress, cancellation);
        SortedDictionary<string, PackageFile> files = PackageFiles.Hash(staging, progress, cancellation);
        // everything that an answer depends on
        IEnumerable<string> content = files
            .Select(f => $"{f.Key} {f.Value.Sha256}")
            .Append(string.Create(CultureInfo.InvariantCulture, $"{preprocessing.Size} {preprocessing.Filter} {preprocessing.Fit}"));
        CheckManifest manifest = new()
        {
            SchemaVersion = CheckManifest.Schema,
            Kind = PackageKind.Check,
            Name = options.Name ?? PackageFiles.Label(output),
            Version = options.Version ?? TextHash.Hex(string.Join('\n', content), 8),
            Architecture = shape,
            Activation = activation,
            Precision = options.Precision,
            Preprocessing = preprocessing,
            LoraAlpha = options.LoraAlpha,
            Files = files,
            Provenance = PackageFiles.Provenance(sources),
        };
        File.WriteAllBytes(
            staging.File(ModelManifest.FileName),
            JsonSerializer.SerializeToUtf8Bytes(manifest, PackageJson.Default.CheckManifest)
        );

        // 4. Try. float16 is for CUDA; on the CPU it takes long
        progress?.Report(new ImportProgress("Trying the package on one picture", weights.Count, weights.Count));
        using (PictureCheck check = PictureCheck.Load(staging.Path, new ScorerOptions { Provider = Provider.Cpu, Verify = false }))
            if (options.Precision != Precision.Fp16)
                _ = check.Logit(new float[3 * shape.ImageSize * shape.ImageSize], cancellation); // throws if it is NaN

        // 5. Rename into place
        cancellation.ThrowIfCancellationRequested();
        staging.Commit();
        return CheckPackage.Open(output);
    }
}
