using System.Globalization;
using System.Security.Cryptography;
using AaClip.Evaluation;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.References;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tiles;

namespace AaClip.Cli.Model;

/// <summary>
/// <c>aaclip calibrate --references</c>: 1. patches of the good images; 2. scores of other good images against them, or of the references
/// themselves, each against the others; 3. scale and thresholds from these; 4. one file with all of it.
/// </summary>
internal sealed class ReferenceCalibration
{
    public required string Model { get; init; }
    public required string ObjectClass { get; init; }
    public required string[] References { get; init; }
    public string[] Normals { get; init; } = [];
    public string[] Defects { get; init; } = [];
    public Domain Domain { get; init; }
    public Tiling? Tiles { get; init; }
    public CameraProfile? Profile { get; init; }
    public double FalseAlarms { get; init; }
    public Provider Provider { get; init; }

    /// <summary>A calibration with references.</summary>
    /// <param name="Normals">Good images whose scores it is made from.</param>
    /// <param name="Defects">Defective images.</param>
    /// <param name="Needed">Good images that the wanted rate of false alarms needs.</param>
    private sealed record Made(ReferencePatches Patches, CalibrationResult Result, int Normals, int Defects, int Needed);

    /// <summary>Makes the references, stores them, and says so.</summary>
    /// <param name="camera">With storage: the camera they are stored for.</param>
    /// <param name="output">Without: the file, which must not exist.</param>
    public async Task<int> RunAsync(StorageClients? storage, string? camera, string? output, bool json, CancellationToken cancellation)
    {
        // An output that cannot be written is reported now, not after an hour of scoring.
        if (output is not null && Path.Exists(output))
            throw new IOException($"'{output}' exists already: choose another --out, or delete it first.");
        if (output is not null && Path.GetDirectoryName(Path.GetFullPath(output)) is { } parent && !Directory.Exists(parent))
            throw new DirectoryNotFoundException($"There is no folder '{parent}' for --out.");
        Made made = Make(cancellation);
        string where;
        if (storage is not null && camera is not null)
        {
            where = await StoreAsync(storage, camera, made.Patches, cancellation);
        }
        else
        {
            where = output!; // a rule requires one of both
            made.Patches.Write(where);
        }

        if (json)
        {
            CalibrationOutput.WriteJson(ObjectClass, made.Normals, made.Defects, made.Result, where);
            return 0;
        }

        Console.WriteLine(Describe(made.Patches));
        CalibrationOutput.Write(made.Result, made.Normals, made.Defects, FalseAlarms, made.Needed, where);
        return 0;
    }

    /// <summary>Makes the references.</summary>
    /// <exception cref="InvalidDataException">There are too many images, or too few.</exception>
    private Made Make(CancellationToken cancellation)
    {
        string[] files = ImageFiles.Paths(References),
            normals = ImageFiles.Paths(Normals),
            defects = ImageFiles.Paths(Defects);
        if (files.Length > ReferencePatches.MaxImages)
            throw new InvalidDataException(
                $"--references names {files.Length} images, but at most {ReferencePatches.MaxImages} are used: give some that show all "
                    + "that a good part can look like, and the others with --normals."
            );
        using ProgressLine line = new();
        line.Show("Loading the model", 0, 1);
        using AnomalyScorer scorer = AnomalyScorer.Load(Model, new ScorerOptions { Provider = Provider });
        ObservedImages images = new(scorer, ObjectClass, Domain, Profile, Tiles, line);

        // 1. Patches
        ReferenceBank bank = new(scorer.Model, ObjectClass, Tiles);
        for (int i = 0; i < files.Length; i++)
        {
            byte[] content = File.ReadAllBytes(files[i]);
            RgbImage image = ImageFiles.Decode(content, files[i], scorer);
            if (!bank.Has(NameOf(content))) // else the same image again
                foreach (RgbImage part in scorer.Cut(image, Tiles)?.Pictures.OfType<RgbImage>() ?? [image])
                    bank.Add(NameOf(content), scorer.PatchesOf(part, cancellation));
            line.Show("Reading references", i + 1, files.Length);
        }

        // 2. Scores
        line.Show("Choosing patches", 0, 1, force: true);
        ReferencePatches all = bank.Build();
        string[] others = [.. normals.Where(f => !IsReference(f))];
        bool apart = others.Length > 0; // a reference has one image less to be compared with, and references are few
        string[] good = apart ? others : files;
        if (!apart && bank.Names.Count == 1)
            throw new InvalidDataException(
                "One reference image cannot be compared with itself: give other good images with --normals, or more than one reference."
            );
        List<Observed> fine = images.Score(good, Others, cancellation),
            bad = images.Score(defects, (_, _) => all, cancellation);

        // 3. Scale and thresholds
        Method method = scorer.Model.Method;
        CalibrationResult result =
            bad.Count > 0
                ? Calibrator.FromDefects(fine, bad, Domain, null, method)
                : Calibrator.FromNormals(fine, FalseAlarms, Domain, null, method, split: apart);
        return new Made(
            all with
            {
                Calibration = result.Calibration,
            },
            bad.Count > 0 || apart ? result : result with { Guaranteed = false },
            fine.Count,
            bad.Count,
            Calibrator.Needed(FalseAlarms, Domain, scaled: !apart, method)
        );

        bool IsReference(string file) => bank.Has(NameOf(File.ReadAllBytes(file)));

        ReferencePatches Others(string file, byte[] content) => bank.Has(NameOf(content)) ? bank.Build(NameOf(content)) : all;
    }

    /// <summary>Stores references for a camera, and removes thresholds of its profile, which belong to scores without references.</summary>
    /// <returns>What was written.</returns>
    private static async Task<string> StoreAsync(
        StorageClients storage,
        string camera,
        ReferencePatches patches,
        CancellationToken cancellation
    )
    {
        string file = Path.Combine(Path.GetTempPath(), $"aaclip-references-{Guid.NewGuid():N}.safetensors");
        try
        {
            patches.Write(file);
            string blob = await CameraReferences.StoreAsync(storage, camera, patches.Model, file, cancellation);
            ProfileEditor profiles = new(storage, TimeProvider.System);
            CameraSet set = await profiles.ReadAsync(cancellation);
            bool removed = set.Find(camera) is { Threshold: not null } or { MapThreshold: not null };
            if (removed)
                try
                {
                    await profiles.ThresholdAsync(camera, null, set.ETag, Environment.UserName, cancellation);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    throw new InvalidOperationException(
                        $"The references are stored, but the profile of '{camera}' still has thresholds that were made without them: "
                            + $"remove 'threshold' and 'mapThreshold' from it. {e.Message}",
                        e
                    );
                }

            return $"{ContainerNames.Config}/{blob}"
                + (removed ? $"; the thresholds in the profile of '{camera}', made without references, were removed" : "");
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The profile of a camera in storage.</summary>
    /// <exception cref="InvalidDataException">No profile is for the camera.</exception>
    public static async Task<CameraProfile> ProfileAsync(StorageClients storage, string camera, CancellationToken cancellation)
    {
        CameraSet set = await new ProfileEditor(storage, TimeProvider.System).ReadAsync(cancellation);
        return set.Find(camera)
            ?? throw new InvalidDataException(
                $"{ContainerNames.Config}/{CameraProfiles.Blob} has no profile for camera '{camera}', only for "
                    + $"{string.Join(", ", set.Names.Take(8).Select(n => $"'{n}'"))}{(set.Names.Count > 8 ? ", …" : "")}: add one, or "
                    + "correct the name."
            );
    }

    /// <summary>One line on what was made.</summary>
    private static string Describe(ReferencePatches patches) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{patches.Images} reference {(patches.Images == 1 ? "image" : "images")}, {patches.Count} patches of each of {patches.Levels} "
                + $"levels, {Run.Bytes(sizeof(float) * patches.Columns.LongLength)}."
        );

    // The content tells images apart and orders them: the same images in another order, or with other names, give the same patches
    private static string NameOf(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
