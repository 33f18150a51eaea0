using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using AaClip.Graphs;
using AaClip.Import;
using AaClip.Import.Methods;
using AaClip.Import.Packages;
using AaClip.Scoring.Events;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Training.Scan;
using Spectre.Console;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip inspect</c>: what a package or a checkpoint holds.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        Argument<string> path = new("path") { Description = "A model package, or a checkpoint file.", HelpName = "DIR|FILE" };
        Option<bool> tensors = new("--tensors") { Description = "List every tensor instead of sums by part." };
        Option<bool> json = new("--json") { Description = "Print model.json as it is." };
        Option<bool> fast = new("--no-hash") { Description = "Skip the comparison of hashes." };
        Verb command = new(
            "inspect",
            "Shows what a model package holds: sizes, hashes, tensors, provenance. Also lists the tensors of a checkpoint file.",
            "aaclip inspect models/aaclip",
            "aaclip inspect --tensors ckpt/image_adapter_15.pth"
        )
        {
            path,
            tensors,
            json,
            fast,
        };
        command.SetAction(
            (parsed, _) =>
                Run.Verb(() =>
                {
                    string where = parsed.GetRequiredValue(path);
                    if (File.Exists(where))
                        return Checkpoint(where);
                    switch (PackageFolder.KindOf(where))
                    {
                        case PackageKind.Check:
                            return Check(CheckPackage.Open(where), parsed.GetValue(json), parsed.GetValue(tensors), !parsed.GetValue(fast));
                        case PackageKind.Temporal:
                            return TemporalInspection.Show(TemporalPackage.Open(where), parsed.GetValue(json), !parsed.GetValue(fast));
                    }

                    ModelPackage package = ModelPackage.Open(where);
                    if (parsed.GetValue(json))
                        Console.WriteLine(JsonSerializer.Serialize(package.Manifest, PackageJson.Default.ModelManifest));
                    else
                        Package(package, parsed.GetValue(tensors), !parsed.GetValue(fast));
                    return 0;
                })
        );
        return command;
    }

    private static string ScanOf(ModelPackage package)
    {
        string file = Path.Combine(package.Folder, ModelPackage.Scan, ScanReport.FileName);
        if (!File.Exists(file))
            return "none (aaclip scan)";
        ScanReport report = ScanReport.Parse(File.ReadAllBytes(file), file);
        string result = report.Model.Package == package.Hash ? report.Result : "of another package of this name";
        string effort = report.Effort.ToString().ToLowerInvariant();
        return FormattableString.Invariant($"{result}, effort {effort}, {report.At:yyyy-MM-dd HH:mm} UTC");
    }

    private static void Package(ModelPackage package, bool all, bool hash)
    {
        ModelManifest model = package.Manifest;
        ModelArchitecture shape = model.Architecture;
        Tables.Write(
            ["model", Column.Text(model.Id)],
            [
                .. MethodRows(model),
                ["precision, activation", $"{model.Precision}, {model.Activation}".ToLowerInvariant()],
                .. Int8Row(model.Precision),
                [
                    "input",
                    $"{shape.ImageSize} px, patch {shape.Patch}, grid {shape.Grid}x{shape.Grid} (trained at {shape.NativeImageSize} px)",
                ],
                ["image tower", Tower(shape.Vision)],
                ["text tower", $"{Tower(shape.Text)}, context {shape.Context}, vocabulary {shape.Vocabulary}"],
                ["joint width", shape.Embed.ToString(CultureInfo.InvariantCulture)],
                ["levels", string.Join(", ", shape.Levels)],
                .. AdapterRow(model),
                [
                    "anchors for",
                    model.Method.FixedAnchors ? "every class, the same"
                    : model.Method.Hybrid is not null ? "every class: made from each image"
                    : model.Classes.Count == 0 ? "no class yet: made when a class is first used"
                    : string.Join(", ", model.Classes),
                ],
                ["prompts", model.Method.FixedAnchors ? "learned" : string.Concat(model.Prompts.Take(12))],
                .. TrainingOrigins.Describe(model.Provenance, KnownFiles.Published).Select(o => new[] { $"{o.Part} from", o.Origin }),
                ["SHA-256 of model.json", package.Hash],
                ["scan", ScanOf(package)],
                ["written", Written(model.Provenance)],
            ]
        );
        Files(package.Content, model.Provenance, hash);
        foreach (string graph in (ReadOnlySpan<string>)[ModelPackage.ImageGraph, ModelPackage.TextGraph])
            if (model.Files.ContainsKey(graph)) // else there is none, or the image graph contains it
                Weights(package.Content, graph, all);
    }

    private static int Check(CheckPackage package, bool json, bool all, bool hash)
    {
        CheckManifest model = package.Manifest;
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(model, PackageJson.Default.CheckManifest));
            return 0;
        }

        VisionArchitecture shape = model.Architecture;
        Tables.Write(
            ["check for generated pictures", Column.Text(package.Id)],
            [
                ["precision, activation", $"{model.Precision}, {model.Activation}".ToLowerInvariant()],
                .. Int8Row(model.Precision),
                ["input", $"{shape.ImageSize} px (shorter side, then the middle), patch {shape.Patch}, grid {shape.Grid}x{shape.Grid}"],
                ["image tower", Tower(shape.Vision)],
                ["feature", shape.Embed.ToString(CultureInfo.InvariantCulture)],
                .. model.LoraAlpha is { } alpha
                    ?
                    [
                        ["LoRA", FormattableString.Invariant($"merged at import with alpha {alpha}")],
                    ]
                    : (string[][])[],
                ["written", Written(model.Provenance)],
            ]
        );
        Files(package.Content, model.Provenance, hash);
        Weights(package.Content, CheckPackage.Graph, all);
        return 0;
    }

    internal static string Written(Provenance provenance) =>
        FormattableString.Invariant($"{provenance.WrittenAt:yyyy-MM-dd HH:mm} UTC by {provenance.WrittenBy}");

    internal static void Files(PackageFolder package, Provenance provenance, bool hash)
    {
        Tables.Write(
            [Column.Name("from"), "bytes", "SHA-256"],
            provenance.Sources.Select(s => new[] { s.Key, Run.Bytes(s.Value.Bytes), Hash(s.Value.Sha256) })
        );
        Tables.Write(
            [Column.Name("file"), "bytes", hash ? "SHA-256 (compared)" : "SHA-256 (not compared)"],
            package.Files.Select(f =>
            {
                if (hash)
                    package.Verify(f.Key);
                return new[] { f.Key, Run.Bytes(f.Value.Bytes), Hash(f.Value.Sha256) };
            })
        );
    }

    private static void Weights(PackageFolder package, string graph, bool all)
    {
        IEnumerable<GraphTensor> tensors = GraphTensors
            .Read(package.PathOf(graph))
            .Where(t => !t.Name.StartsWith("const/", StringComparison.Ordinal));
        if (all)
            Tables.Write(
                [Column.Name(graph), "type", "shape", "bytes"],
                tensors.Select(t => new[] { t.Name, t.Type, StoredTensor.FormatShape(t.Shape), Run.Bytes(t.Bytes) })
            );
        else
            Tables.Write(
                [Column.Name(graph), "tensors", "values", "bytes"],
                tensors
                    .GroupBy(t => Part(t.Name))
                    .Select(g =>
                        new[]
                        {
                            g.Key,
                            g.Count().ToString(CultureInfo.InvariantCulture),
                            g.Sum(t => t.Shape.Aggregate(1L, (x, y) => x * y)).ToString("N0", CultureInfo.InvariantCulture),
                            Run.Bytes(g.Sum(t => t.Bytes)),
                        }
                    )
            );
    }

    private static IEnumerable<string[]> AdapterRow(ModelManifest model) =>
        model.StoredMethod is not null
            ? []
            :
            [
                [
                    "adapters",
                    model.Adapters is { } a
                        ? string.Create(
                            CultureInfo.InvariantCulture,
                            $"image blocks 1-{a.ImageBlocks} at {a.ImageShare}, text blocks "
                                + $"{(a.TextBlocks > 0 ? $"1-{a.TextBlocks} at {a.TextShare}" : "none")}"
                                + $"{(a.Relu ? ", projections with LeakyReLU" : "")}"
                        )
                        : "none: plain CLIP",
                ],
            ];

    // What a user must know of the method; the published numbers are not ours.
    private static IEnumerable<string[]> MethodRows(ModelManifest model)
    {
        Method method = model.Method;
        if (MethodInfo.All.FirstOrDefault(m => m.Name == method.Name) is { } info)
        {
            bool plain = method.Name == Method.AaClip.Name && model.Adapters is null;
            yield return ["method", plain ? "plain CLIP" : info.Title];
            if (!plain) // its figures are those of trained adapters
            {
                yield return ["published", info.Published];
                yield return ["licence", info.Licence];
                double cost = info.Cost * (method.Views ?? 1);
                yield return ["cost", FormattableString.Invariant($"{cost:G3} of AA-CLIP's for an image, at the published size")];
            }
        }
        else
        {
            yield return ["method", method.Name];
        }

        if (method.Correlation is { } path)
            yield return
            [
                "correlation path",
                $"{string.Join(" + ", path.Kinds)} from block {path.FirstBlock.ToString(CultureInfo.InvariantCulture)}",
            ];
        if (method.Views is { } views)
            yield return ["views", FormattableString.Invariant($"{views} of each image, each a run; the image score is their mean")];
        if (method.Clean is not null)
            yield return ["patches", "repaired as in SC-CLIP (arXiv 2411.15869)"];
        if (method.LevelScore == LevelScore.Softmax)
            yield return
            [
                "scores",
                FormattableString.Invariant($"softmax with temperature {method.Temperature}; image score from the class feature")
                    + (method.Pooling ? " and patches" : "")
                    + (method.Hybrid is { } h ? FormattableString.Invariant($" and {h.Clusters} clusters of patches") : ""),
            ];
    }

    private static IEnumerable<string[]> Int8Row(Precision precision) =>
        precision == Precision.Int8
            ?
            [
                ["int8 products on this machine", Int8Probe.Describe(Int8Probe.ForThisMachine)],
            ]
            : [];

    private static int Checkpoint(string path)
    {
        using Checkpoint checkpoint = Import.Checkpoint.Open(path);
        Tables.Write(
            [Column.Name("tensor"), "type", "shape", "bytes"],
            checkpoint.Tensors.Values.Select(t => new[] { t.Name, t.Type.ToString(), t.ShapeText, Run.Bytes(t.Count * t.Type.Size()) })
        );
        Tables.Write(
            [Column.Name("value"), Column.Text("content")],
            checkpoint.Values.Select(v => new[] { v.Key, Convert.ToString(v.Value, CultureInfo.InvariantCulture) ?? "None" })
        );
        Console.WriteLine(
            $"{checkpoint.Tensors.Count} tensors, "
                + $"{checkpoint.Tensors.Values.Sum(t => t.Count).ToString("N0", CultureInfo.InvariantCulture)} values, "
                + $"{Run.Bytes(new FileInfo(path).Length)}"
        );
        return 0;
    }

    // The whole hash in a pipe or on a wide terminal, else its first 16 digits.
    private static string Hash(string sha256) =>
        Console.IsOutputRedirected || AnsiConsole.Profile.Width >= 120 ? sha256 : $"{string.Concat(sha256.Take(16))}…";

    internal static string Tower(TowerShape t) => $"{t.Layers} blocks, width {t.Width}, {t.Heads} heads, MLP {t.MlpWidth}";

    // "visual.transformer.resblocks.3.attn…" belongs to "visual.transformer.resblocks".
    private static string Part(string name)
    {
        string[] words = name.Split('.');
        int number = Array.FindIndex(words, w => int.TryParse(w, CultureInfo.InvariantCulture, out _));
        return string.Join('.', words.Take(number > 0 ? number : Math.Min(2, words.Length)));
    }
}
