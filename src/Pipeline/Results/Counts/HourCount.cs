using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Index;
using Azure.Data.Tables;

namespace AaClip.Pipeline.Results.Counts;

/// <summary>What is counted of the results of a camera and a model in an hour, by the time at which the image was stored, UTC.</summary>
internal sealed class HourCount
{
    /// <summary>Raw scores of all results that have one.</summary>
    public ScoreBins Bins { get; private init; } = new();

    /// <summary>Results without a score.</summary>
    public int Failed { get; private set; }

    /// <summary>Results that were anomalous under the threshold of their time.</summary>
    public int Anomalous { get; private set; }

    /// <summary>The least threshold that was used; null while there is no score.</summary>
    public double? MinThreshold { get; private set; }

    /// <summary>The largest threshold that was used; null while there is no score.</summary>
    public double? MaxThreshold { get; private set; }

    /// <summary>Whether nothing was counted.</summary>
    public bool IsEmpty => Failed == 0 && Bins.Total == 0;

    /// <summary>Counts a result.</summary>
    public void Add(Verdict verdict, double? raw, double? threshold)
    {
        if (verdict is Verdict.Failed)
            Failed++;
        else if (raw is { } score)
            Bins.Add(score);
        if (verdict is Verdict.Anomalous)
            Anomalous++;
        AddThresholds(threshold, threshold);
    }

    /// <summary>Adds the counts of another hour.</summary>
    public void Add(HourCount other)
    {
        Bins.Add(other.Bins);
        Failed += other.Failed;
        Anomalous += other.Anomalous;
        AddThresholds(other.MinThreshold, other.MaxThreshold);
    }

    /// <summary>The row that holds the counts of an hour.</summary>
    /// <param name="model">"name@version".</param>
    public TableEntity ToEntity(string camera, string model, DateTimeOffset hour)
    {
        TableEntity entity = new(IndexKeys.CountsOf(camera, hour), IndexKeys.CountOf(hour, model))
        {
            ["camera"] = camera,
            ["model"] = model,
            ["hour"] = hour,
            ["bins"] = Bins.Pack(),
            ["failed"] = Failed,
            ["anomalous"] = Anomalous,
        };
        if (MinThreshold is not null)
            entity["minThreshold"] = MinThreshold;
        if (MaxThreshold is not null)
            entity["maxThreshold"] = MaxThreshold;
        return entity;
    }

    /// <summary>The hour and the counts of a row.</summary>
    /// <exception cref="InvalidDataException">The row is not of this program.</exception>
    public static (DateTimeOffset Hour, HourCount Count) Of(TableEntity entity) =>
        entity.GetDateTimeOffset("hour") is { } hour && entity.GetBinary("bins") is { } bins
            ? (
                hour,
                new HourCount
                {
                    Bins = ScoreBins.Unpack(bins),
                    Failed = entity.GetInt32("failed") ?? 0,
                    Anomalous = entity.GetInt32("anomalous") ?? 0,
                    MinThreshold = entity.GetDouble("minThreshold"),
                    MaxThreshold = entity.GetDouble("maxThreshold"),
                }
            )
            : throw new InvalidDataException(
                $"Row '{entity.RowKey}' of partition '{entity.PartitionKey}' in the results index has no hour or no bins: delete it, and "
                    + "write a result of its hour again."
            );

    private void AddThresholds(double? min, double? max)
    {
        if (min is not null && !(min > MinThreshold))
            MinThreshold = min;
        if (max is not null && !(max < MaxThreshold))
            MaxThreshold = max;
    }
}
