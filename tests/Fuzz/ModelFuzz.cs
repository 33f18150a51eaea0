using System.Text.Json.Nodes;
using AaClip.Import;
using AaClip.Import.Adapters;
using AaClip.Import.Clip;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;

namespace AaClip.Fuzz;

/// <summary>
/// Damaged model files: each is read, or refused with an error that says so. A folder holds "package", whose files are damaged in turns
/// (every second time with a model.json that agrees with the damage, but for graphs: those run in native code, and a stranger's are not to
/// be trusted), and checkpoints, of which "clip…" and "adapters…" are opened as what they are.
/// </summary>
internal sealed class ModelFuzz : IFuzz
{
    private const int RandomSeed = 20261126;
    private const string ObjectClass = "bottle",
        OtherClass = "metal nut"; // the package has anchors of the first

    private readonly (string Name, byte[] File)[] _good;
    private readonly string _package,
        _work;
    private readonly ClipArchitecture _shape;

    public ModelFuzz(string folder)
    {
        _package = Path.Combine(folder, "package");
        _work = Directory.CreateTempSubdirectory("aaclip-model-fuzz-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(_work, recursive: true);
        using (ClipWeights clip = ClipWeights.Open(Path.Combine(folder, "clip.safetensors"), 4, 4))
            _shape = clip.Architecture;
        _good =
        [
            .. Directory
                .GetFiles(folder)
                .Concat(Directory.GetFiles(_package, "*", SearchOption.AllDirectories))
                .Order(StringComparer.Ordinal)
                .Select(f => (Path.GetRelativePath(folder, f), File.ReadAllBytes(f))),
        ];
    }

    public (string What, string Outcome) Run(int number)
    {
        (string name, byte[] good) = _good[number % _good.Length];
        int round = number / _good.Length;
        byte[] damaged = FileMutator.Damage(good, new Random(RandomSeed + number));
        bool packaged = name.StartsWith("package", StringComparison.Ordinal);
        bool agreed =
            packaged
            && round % 2 == 1
            && !name.EndsWith(".onnx", StringComparison.Ordinal)
            && !name.EndsWith(ModelManifest.FileName, StringComparison.Ordinal);
        try
        {
            return (
                $"{name}{(agreed ? ", as model.json says" : "")}",
                packaged ? Package(name["package/".Length..], damaged, agreed) : Checkpoint(name, damaged)
            );
        }
        catch (InvalidDataException e)
        {
            return (name, $"refused ({e.Message})");
        }
        catch (Exception e)
        {
            return (name, $"wrong: {e}");
        }
    }

    private string Package(string name, byte[] damaged, bool agreed)
    {
        string folder = Path.Combine(_work, "package"),
            cache = Path.Combine(_work, "cache");
        foreach (string left in (string[])[folder, cache])
            if (Directory.Exists(left))
                Directory.Delete(left, recursive: true);
        foreach (string file in Directory.GetFiles(_package, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(_package, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!); // a file in a folder
            File.Copy(file, copy);
        }

        File.WriteAllBytes(Path.Combine(folder, name), damaged);
        if (agreed)
        {
            string path = Path.Combine(folder, ModelManifest.FileName);
            JsonNode manifest = JsonNode.Parse(File.ReadAllText(path))!; // a good one
            manifest["files"]![name] = new JsonObject
            {
                ["bytes"] = damaged.Length,
                ["sha256"] = PackageFolder.HashOf(Path.Combine(folder, name)),
            };
            File.WriteAllText(path, manifest.ToJsonString());
        }

        using AnomalyScorer scorer = AnomalyScorer.Load(
            folder,
            new ScorerOptions
            {
                Provider = Provider.Cpu,
                Threads = 1,
                CacheFolder = cache,
            }
        );
        float detection = scorer.Score(new RgbImage(16, 16, new byte[3 * 16 * 16]), ObjectClass).Detection;
        _ = scorer.Model.CalibrationFor(ObjectClass).HeatmapScale;
        _ = scorer.AnchorsOf(OtherClass);
        return FormattableString.Invariant($"scored {detection:F3}");
    }

    private string Checkpoint(string name, byte[] damaged)
    {
        string path = Path.Combine(_work, name);
        File.WriteAllBytes(path, damaged);
        if (name.StartsWith("clip", StringComparison.Ordinal))
        {
            using ClipWeights clip = ClipWeights.Open(path, 4, 4);
            return $"{clip.Tensors.Values.Sum(t => (long)t.Read().Length)} weights";
        }

        if (name.StartsWith("adapters", StringComparison.Ordinal))
        {
            using AdapterWeights adapters = AdapterWeights.Open(path, _shape)!; // there is a path
            return $"{adapters.Tensors.Values.Sum(t => (long)t.Read().Length)} weights";
        }

        using Checkpoint checkpoint = AaClip.Import.Checkpoint.Open(path);
        return $"{checkpoint.Tensors.Values.Sum(t => (long)t.ToFloat32().Length)} values";
    }
}
