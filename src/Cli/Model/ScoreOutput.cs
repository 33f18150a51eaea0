using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;

namespace AaClip.Cli.Model;

/// <summary>
/// Writes what <c>aaclip score</c> finds: pictures, maps, JSON lines, a table or plain lines, and the failures at the end.
/// </summary>
internal sealed class ScoreOutput : IDisposable
{
    private const string HeatmapEnding = ".jpg";
    private const string MapEnding = ".png";
    private const string Anomalous = "anomalous";

    private readonly ScoreRun _run;
    private readonly AnomalyScorer _scorer;
    private readonly LinesFile? _json; // null: no file is wanted
    private readonly List<ImageReport> _failed = [];
    private readonly List<string[]> _rows = [];
    private readonly bool _terminal = !Console.IsOutputRedirected;
    private readonly Calibration _calibration;
    private readonly string? _neutral; // "neutral" where the package has no calibration for the class
    private readonly double? _threshold; // null: nobody gave one, so there is no verdict
    private readonly Column[] _header;
    private readonly int _commonFolder; // length of the part of all paths that a table can do without

    public ScoreOutput(ScoreRun run, AnomalyScorer scorer)
    {
        _run = run;
        _scorer = scorer;
        Prepare(run.Heatmaps, HeatmapEnding);
        Prepare(run.Maps, MapEnding);
        _json = run.Json is null or "-" ? null : new LinesFile(run.Json, "--json");
        _calibration = scorer.Model.CalibrationFor(run.ObjectClass);
        _neutral = _calibration.IsNeutral ? "neutral" : null;
        _threshold = run.Threshold ?? (_calibration.IsNeutral ? null : _calibration.Threshold);
        if (scorer.Model.CalibrationGap(run.ObjectClass) is { } gap)
            Console.Error.WriteLine(_threshold is null ? $"No verdict is given: {gap}" : $"The scale fits no class in particular: {gap}");
        if (run.MapThreshold is { } mapThreshold)
            _calibration = _calibration with { MapThreshold = mapThreshold };
        _commonFolder = ImageFiles.CommonFolder(run.Files).Length;
        _header = _threshold is null
            ? [Column.Name("image"), "raw", "detection", "map max", "hottest at", "regions"]
            : [Column.Name("image"), "raw", "detection", "map max", "hottest at", "regions", "verdict"];
        if (!_terminal && run.Json != "-")
            Console.WriteLine(string.Join('\t', _header.Select(c => c.Title)));
    }

    /// <summary>Takes one image's score, or its failure when there is none.</summary>
    public void Add(Decoded decoded, ImageScore? score, double inferMilliseconds)
    {
        Dictionary<string, double> timings = new() { ["decode"] = Math.Round(decoded.Milliseconds, 1) };
        FileInfo file = new(decoded.File.Path);
        ImageReport report = new()
        {
            Image = new ImagePart(
                decoded.File.Path,
                file.Exists ? file.Length : 0,
                decoded.Image?.Width ?? 0,
                decoded.Image?.Height ?? 0,
                _run.ObjectClass
            ),
            Model = new ModelPart(
                _scorer.Model.Name,
                _scorer.Model.Version,
                _scorer.Model.Precision.ToString().ToLowerInvariant(),
                _scorer.Provider
            ),
            Timings = timings,
            Failure = decoded.Failure,
        };
        if (decoded.Image is { } image && score is not null)
        {
            timings["infer"] = Math.Round(inferMilliseconds, 1);
            Stopwatch clock = Stopwatch.StartNew();
            float[] full = score.Map.FullSize(score.Map.Size, score.Map.Size);
            ScorePart judged = Judge(score);
            bool anomalous = judged.Verdict == Anomalous;
            float level = Regions.Level(full, _calibration.MapThreshold, anomalous);
            report = report with
            {
                Score = judged,
                Regions = Regions.Of(full, score.Map.Size, level, anomalous, image.Width, image.Height, 0),
                Heatmap = WriteHeatmap(decoded.File, image, score, level),
                Map = WriteMap(decoded.File, score),
            };
            timings["write"] = Math.Round(clock.Elapsed.TotalMilliseconds, 1);
            Row(report, full, score.Map.Size);
        }
        else
        {
            _failed.Add(report);
        }

        if (_run.Json is null)
            return;
        string line = JsonSerializer.Serialize(report, ReportJson.Default.ImageReport);
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
        foreach (ImageReport report in _failed)
            Console.Error.WriteLine($"  {report.Failure!.Code}: {report.Failure.Message}"); // only failed ones are in the list
        return Run.Failed;
    }

    /// <summary>Shows the rows so far and keeps the lines so far: all of them, or those until Ctrl-C.</summary>
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

    // Makes an output folder, unless something in it would take the place of an image that is to be scored.
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

    private ScorePart Judge(ImageScore score)
    {
        double raw = _calibration.Raw(score.MapMax, score.Detection, _run.Domain);
        return _threshold is { } threshold
            ? new ScorePart(
                score.Detection,
                score.MapMax,
                raw,
                Calibration.Calibrated(raw, threshold),
                threshold,
                raw >= threshold ? Anomalous : "normal",
                _neutral
            )
            : new ScorePart(score.Detection, score.MapMax, raw, null, null, null, _neutral);
    }

    private void Row(ImageReport report, float[] full, int size)
    {
        int at = Array.IndexOf(full, full.Max());
        int x = (int)((at % size + 0.5) * report.Image.Width / size);
        int y = (int)((at / size + 0.5) * report.Image.Height / size);
        List<string> row =
        [
            report.Image.Name,
            report.Score!.Raw.ToString("F4", CultureInfo.InvariantCulture), // a row is made only of scored images
            report.Score.Detection.ToString("F4", CultureInfo.InvariantCulture),
            report.Score.MapMax.ToString("F2", CultureInfo.InvariantCulture),
            FormattableString.Invariant($"{x},{y}"),
            report.Regions!.Count.ToString(CultureInfo.InvariantCulture), // they come with the score
        ];
        if (report.Score.Verdict is { } verdict)
            row.Add(verdict);
        if (_terminal)
            _rows.Add([report.Image.Name[_commonFolder..], .. row[1..]]);
        else if (_run.Json != "-")
            Console.WriteLine(string.Join('\t', row));
    }

    private string? WriteHeatmap(ImageFile file, RgbImage image, ImageScore score, float level)
    {
        if (_run.Heatmaps is null)
            return null;
        string path = PathFor(_run.Heatmaps, file.Output + HeatmapEnding);
        HeatmapOptions scale = _calibration.HeatmapScale with { ContourLevel = level, Legend = _run.Legend };
        WholeFile.Write(path, ImageEncoder.Jpeg(Heatmap.Overlay(BoxAverage.Shrink(image, _run.HeatmapSide), score.Map, scale)));
        return path;
    }

    private MapPart? WriteMap(ImageFile file, ImageScore score)
    {
        if (_run.Maps is null)
            return null;
        string path = PathFor(_run.Maps, file.Output + MapEnding);
        QuantizedMap map = QuantizedMap.Create(score.Map.Raw);
        MapPart part = new(path, score.Map.Side, map.Scale, map.Offset, _run.Domain.ToString().ToLowerInvariant());
        WholeFile.Write(path, ImageEncoder.Png16(score.Map.Side, score.Map.Side, map.Values));
        WholeFile.Write(Path.ChangeExtension(path, ".json"), JsonSerializer.Serialize(part, ReportJson.Default.MapPart));
        return part;
    }

    private static string PathFor(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? folder);
        return path;
    }
}
