using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;
using AaClip.Training;

namespace AaClip.Cli.Model;

/// <summary>The progress of a training: a line that is redrawn, and a line for each epoch.</summary>
/// <param name="quiet">True to print no lines for epochs.</param>
internal sealed class TrainingLines(ProgressLine line, bool quiet) : IProgress<TrainingProgress>
{
    private readonly List<TrainedEpoch> _epochs = [];
    private long _epochBegan = Stopwatch.GetTimestamp(),
        _stageBegan;
    private int _steps; // of this stage, since it began or was resumed
    private string _stage = "";

    /// <summary>The epochs of this run.</summary>
    public IReadOnlyList<TrainedEpoch> Epochs => _epochs;

    public void Report(TrainingProgress value)
    {
        if (value.Stage != _stage)
            (_stage, _stageBegan, _steps) = (value.Stage, Stopwatch.GetTimestamp(), -1); // the first step also writes the graph
        TimeSpan? left =
            ++_steps < 1
                ? null
                : Stopwatch.GetElapsedTime(_stageBegan)
                    / _steps
                    * (value.Steps - value.Step + (double)value.Steps * (value.Epochs - value.Epoch));
        bool features = value.Stage is "features" or "recordings"; // no epochs, no loss
        string sources = value.Stage == "features" ? "images" : value.Stage;
        line.Show(
            features
                ? $"features of {sources},"
                : FormattableString.Invariant($"{value.Stage} stage, epoch {value.Epoch} of {value.Epochs}, loss {value.Loss:F4}, step"),
            value.Step,
            value.Steps,
            left: left
        );
        if (value.Step < value.Steps)
            return;
        line.Clear();
        double seconds = Stopwatch.GetElapsedTime(_epochBegan).TotalSeconds;
        _epochBegan = Stopwatch.GetTimestamp();
        if (!features)
            _epochs.Add(new TrainedEpoch(value.Stage, value.Epoch, value.Mean, Math.Round(seconds, 3)));
        if (quiet)
            return;
        using Process self = Process.GetCurrentProcess();
        string what = features
            ? string.Create(CultureInfo.InvariantCulture, $"features of {value.Steps} {sources}")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{value.Stage} stage, epoch {value.Epoch} of {value.Epochs}: mean loss {value.Mean:F4}"
            );
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{what}, {seconds:F1} s, peak memory {Run.Bytes(self.PeakWorkingSet64)}")
        );
    }
}

/// <summary>What a training made.</summary>
/// <param name="What">"Adapters" or "Prompts".</param>
/// <param name="Path">The checkpoint, or the folder of the checkpoints.</param>
/// <param name="ImportOption">The option of <c>aaclip import</c> that takes it.</param>
/// <param name="Note">A further line for the user; null for none.</param>
internal sealed record TrainingOutcome(string What, string Path, string ImportOption, string? Note = null);

/// <summary>An epoch of a training.</summary>
internal sealed record TrainedEpoch(string Stage, int Epoch, double MeanLoss, double Seconds);

/// <summary>The result of a training for programs.</summary>
internal sealed record TrainingReport(
    string Method,
    string Data,
    int Normal,
    int Anomalous,
    string Checkpoint,
    IReadOnlyList<TrainedEpoch> Epochs,
    string Import
);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(TrainingReport))]
internal sealed partial class TrainingReportJson : JsonSerializerContext;
