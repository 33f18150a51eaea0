using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AaClip.Cli.Operate;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;

namespace AaClip.Cli.Model;

/// <summary>
/// Writes the output of <c>aaclip score</c>: heatmaps, maps, result documents, a table or plain lines, and the failures at the end.
/// </summary>
internal sealed class ScoreOutput : IDisposable
{
    private const string HeatmapEnding = ".jpg";
    private const string MapEnding = ".png";

    private readonly ScoreRun _run;
    private readonly ModelPart _model;
    private readonly LinesFile? _json; // null: no file is written
    private readonly List<ResultDocument> _failed = [];
    private readonly List<string[]> _rows = [];
    private readonly bool _terminal = !Console.IsOutputRedirected;
    private readonly Calibration _calibration;
    private readonly CameraProfile _profile; // with the values of the command line
    private readonly Column[] _header;
    private readonly int _commonFolder; // length of the folder that all paths share, which a table leaves out

    public ScoreOutput(ScoreRun run, AnomalyScorer scorer)
    {
        _run = run;
        _model = ModelPart.Of(scorer.Model, scorer.Provider, scorer.PackageHash);
        Prepare(run.Heatmaps, HeatmapEnding);
        Prepare(run.Maps, MapEnding);
        _json = run.Json is null or "-" ? null : new LinesFile(run.Json, "--json");
        _calibration = run.References?.Calibration ?? scorer.Model.CalibrationFor(run.ObjectClass);
        _profile = new CameraProfile(run.ObjectClass, run.Domain, run.Threshold, run.MapThreshold);
        bool decides = Judgement.Threshold(_profile, _calibration, neutral: false) is not null;
        if (run.References is null && scorer.Model.CalibrationGap(run.ObjectClass) is { } gap)
            Console.Error.WriteLine(decides ? $"The scale fits no class in particular: {gap}" : $"No verdict is given: {gap}");
        _commonFolder = ImageFiles.CommonFolder(run.Files).Length;
        _header = decides
            ? [Column.Name("image"), "raw", "detection", "map max", "hottest at", "regions", "verdict"]
            : [Column.Name("image"), "raw", "detection", "map max", "hottest at", "regions"];
        if (!_terminal && run.Json != "-")
            Console.WriteLine(string.Join('\t', _header.Select(c => c.Title)));
    }

    /// <summary>Adds the score of an image, or its failure if there is no score.</summary>
    public void Add(Decoded decoded, ImageScore? score, double inferMilliseconds)
    {
        FileInfo file = new(decoded.File.Path);
        ResultDocument result = new()
        {
            Image = new ImagePart
            {
                Name = decoded.File.Path,
                Bytes = file.Exists ? file.Length : 0,
                Width = decoded.Image?.Width ?? 0,
                Height = decoded.Image?.Height ?? 0,
                ObjectClass = _run.ObjectClass,
            },
            Model = _model,
            Score = new ScorePart(Verdict.Failed),
            Timings = new TimingsPart(Decode: Math.Round(decoded.Milliseconds, 1)),
            Failure = decoded.Failure,
            ScoredAt = TimeProvider.System.GetUtcNow(),
        };
        if (decoded.Image is { } image && score is not null)
        {
            Stopwatch clock = Stopwatch.StartNew();
            Judgement judgement = Judgement.Of(
                score.Map,
                score.Detection,
                _profile,
                _calibration,
                image.Width,
                image.Height,
                neutral: false,
                score.Tiles
            );
            result = result with
            {
                Score = judgement.Score,
                Regions = judgement.Regions,
                Tiles = score.Tiles,
                References = _run.References is { } references ? ReferencesPart.Of(references) : null,
                Heatmap = WriteHeatmap(decoded.File, image, judgement),
                Map = WriteMap(decoded.File, score.Map, judgement.Scale.Threshold),
            };
            result = result with
            {
                Timings = result.Timings with
                {
                    Infer = Math.Round(inferMilliseconds, 1),
                    Write = Math.Round(clock.Elapsed.TotalMilliseconds, 1),
                },
            };
            Row(result.Image, judgement);
        }
        else
        {
            _failed.Add(result);
        }

        if (_run.Json is null)
            return;
        string line = JsonSerializer.Serialize(result, ResultJson.Default.ResultDocument);
        if (_json is not null)
            _json.Write(line);
        else
            Console.WriteLine(line);
    }

    /// <summary>Shows the table and the failures.</summary>
    /// <returns>The exit code.</returns>
    public int Finish()
    {
        Stop();
        if (_run.Heatmaps is not null)
            Console.Error.WriteLine($"Heatmaps are in {Path.GetFullPath(_run.Heatmaps)}");
        if (_failed.Count == 0)
            return 0;
        Console.Error.WriteLine($"{_failed.Count} of {_run.Files.Count} images could not be scored:");
        foreach (ResultDocument result in _failed)
            Console.Error.WriteLine($"  {result.Failure!.Code}: {result.Failure.Message}"); // only failed ones are in the list
        return Run.Failed;
    }

    /// <summary>Shows the rows and keeps the JSON lines: all of them, or those before Ctrl-C.</summary>
    public void Stop()
    {
        ShowRows();
        _json?.Keep();
    }

    /// <summary>Shows the rows so far.</summary>
    public void ShowRows()
    {
        if (_terminal && _run.Json != "-")
            Tables.Write(_header, _rows);
    }

    public void Dispose() => _json?.Dispose();

    // Creates an output folder; throws if an output file would overwrite one of the images.
    private void Prepare(string? folder, string ending)
    {
        if (folder is null)
            return;
        HashSet<string> inputs = [.. _run.Files.Select(f => Path.GetFullPath(f.Path))];
        foreach (ImageFile file in _run.Files)
            if (inputs.Contains(Path.GetFullPath(Path.Combine(folder, file.Output + ending))))
                throw new IOException(
                    $"Writing to '{folder}' would overwrite the image '{Path.Combine(folder, file.Output + ending)}': name another folder."
                );
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The folder '{folder}' cannot be made ({e.Message}): name another.", e);
        }
    }

    private void Row(ImagePart image, Judgement judgement)
    {
        int size = judgement.Map.Size;
        float[] full = judgement.Map.FullSize(size, size);
        int at = Array.IndexOf(full, full.Max());
        int x = (int)((at % size + 0.5) * image.Width / size);
        int y = (int)((at / size + 0.5) * image.Height / size);
        List<string> row =
        [
            image.Name,
            FormattableString.Invariant($"{judgement.Score.Raw:F4}"),
            FormattableString.Invariant($"{judgement.Score.Detection:F4}"),
            FormattableString.Invariant($"{judgement.Score.MapMax:F2}"),
            FormattableString.Invariant($"{x},{y}"),
            judgement.Regions.Count.ToString(CultureInfo.InvariantCulture),
        ];
        if (judgement.Score.Verdict is { } verdict)
            row.Add(Words.Of(verdict));
        if (_terminal)
            _rows.Add([image.Name[_commonFolder..], .. row[1..]]);
        else if (_run.Json != "-")
            Console.WriteLine(string.Join('\t', row));
    }

    private string? WriteHeatmap(ImageFile file, RgbImage image, Judgement judgement)
    {
        if (_run.Heatmaps is null)
            return null;
        string path = PathFor(_run.Heatmaps, file.Output + HeatmapEnding);
        HeatmapOptions scale = judgement.Scale with { Legend = _run.Legend };
        WholeFile.Write(path, ImageEncoder.Jpeg(Heatmap.Overlay(BoxAverage.Shrink(image, _run.HeatmapSide), judgement.Map, scale)));
        return path;
    }

    private MapPart? WriteMap(ImageFile file, AnomalyMap map, float threshold)
    {
        if (_run.Maps is null)
            return null;
        string path = PathFor(_run.Maps, file.Output + MapEnding);
        QuantizedMap stored = QuantizedMap.Create(map.Raw);
        MapPart part = MapPart.Of(map, stored, path) with { Threshold = threshold };
        WholeFile.Write(path, ImageEncoder.Png16(map.Side, map.Side, stored.Values));
        WholeFile.Write(Path.ChangeExtension(path, ".json"), JsonSerializer.Serialize(part, ResultJson.Default.MapPart));
        return part;
    }

    private static string PathFor(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? folder);
        return path;
    }
}
