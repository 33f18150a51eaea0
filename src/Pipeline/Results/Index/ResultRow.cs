using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;
using Azure.Data.Tables;

namespace AaClip.Pipeline.Results.Index;

/// <summary>What the index tells of a result.</summary>
public sealed record ResultRow
{
    /// <summary>Blob name in the results container.</summary>
    public required string Blob { get; init; }

    /// <summary>"name@version".</summary>
    public required string Model { get; init; }

    /// <summary>Camera.</summary>
    public required string Camera { get; init; }

    /// <summary>Blob name of the image.</summary>
    public required string Image { get; init; }

    /// <summary>Version of the image, without quotes.</summary>
    [JsonPropertyName("etag")]
    public required string ETag { get; init; }

    /// <summary>When the image was stored; where it was gone, when scoring was asked for.</summary>
    public required DateTimeOffset ImageTime { get; init; }

    /// <summary>When the result was made.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Verdict.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Calibrated score, 0 to 1, where 0.5 is the threshold; null for a failed image.</summary>
    public double? Score { get; init; }

    /// <summary>Combined score, about 0 to 1; compared with <see cref="Threshold"/>.</summary>
    public double? Raw { get; init; }

    /// <summary>Raw scores from here on are anomalous.</summary>
    public double? Threshold { get; init; }

    /// <summary>Score of the whole image.</summary>
    public double? Detection { get; init; }

    /// <summary>Largest value of the map; with ignore masks, of what they leave.</summary>
    public double? MapMax { get; init; }

    /// <summary>Number of regions.</summary>
    public int Regions { get; init; }

    /// <summary>What the object is called.</summary>
    public required string Class { get; init; }

    /// <summary>The part that the image shows; null if it is not known.</summary>
    public string? Part { get; init; }

    /// <summary>Code of the failure; null when there is a score.</summary>
    public string? Failure { get; init; }

    /// <summary>The job that asked for it; null for a new image.</summary>
    public string? Job { get; init; }

    /// <summary>"name@version" of the first model that settled the image; null where the model itself scored it.</summary>
    public string? First { get; init; }

    /// <summary>Whether a generator seems to have made the picture; null if that was not checked.</summary>
    public PictureOrigin? Generated { get; init; }

    /// <summary>The probability of that, 0 to 1; null if it was not checked.</summary>
    public double? GeneratedProbability { get; init; }

    /// <summary>ETag of the camera profiles that applied; null where there was no file of them.</summary>
    public string? Profile { get; init; }

    /// <summary>Blob name in the heatmaps container; null for none.</summary>
    public string? Heatmap { get; init; }

    /// <summary>Blob name in the maps container; null for a failed image.</summary>
    public string? Map { get; init; }

    /// <summary>Columns of the image; 0 where it could not be decoded.</summary>
    public int Width { get; init; }

    /// <summary>Rows of the image; 0 where it could not be decoded.</summary>
    public int Height { get; init; }

    /// <summary>Milliseconds of the steps.</summary>
    public TimingsPart Timings { get; init; } = new();

    /// <summary>Place of the row among all results, newest first; a query goes on after it.</summary>
    public string Cursor { get; init; } = "";

    /// <summary>The part of <see cref="Cursor"/> that names the image version: equal in the results of all models on it.</summary>
    [JsonIgnore]
    public string ImageKey => Cursor[..IndexKeys.ImageLength];

    /// <summary>The row of a result.</summary>
    /// <exception cref="InvalidOperationException">It is the result of a file.</exception>
    public static ResultRow Of(ResultDocument result)
    {
        DateTimeOffset time = IndexKeys.TimeOf(result);
        string model = result.Model.Id;
        return new ResultRow
        {
            Blob = result.Image.Version.Result(model),
            Model = model,
            Camera = result.Image.RequiredCamera,
            Image = result.Image.Name,
            ETag = result.Image.RequiredETag,
            ImageTime = time,
            Time = result.ScoredAt.ToUniversalTime(),
            Verdict = result.Score.RequiredVerdict,
            Score = result.Score.Calibrated,
            Raw = result.Score.Raw,
            Threshold = result.Score.Threshold,
            Detection = result.Score.Detection,
            MapMax = result.Score.MapMax,
            Regions = result.Regions?.Count ?? 0,
            Class = result.Image.ObjectClass,
            Part = result.Image.Part,
            Failure = result.Failure?.Code,
            Job = result.Job,
            First = result.First is { Settled: true } first ? first.Model : null,
            Generated = result.Generated?.Verdict,
            GeneratedProbability = result.Generated?.Probability,
            Profile = result.Profile,
            Heatmap = result.Heatmap,
            Map = result.Map?.Blob,
            Width = result.Image.Width,
            Height = result.Image.Height,
            Timings = result.Timings,
            Cursor = IndexKeys.Row(time, result.Image.Version, model),
        };
    }

    internal TableEntity ToEntity(string partition)
    {
        TableEntity entity = new(partition, Cursor);
        Set("blob", Blob);
        Set("model", Model);
        Set("camera", Camera);
        Set("image", Image);
        Set("etag", ETag);
        Set("imageTime", ImageTime);
        Set("time", Time);
        Set("verdict", Name(Verdict));
        Set("score", Score);
        Set("raw", Raw);
        Set("threshold", Threshold);
        Set("detection", Detection);
        Set("mapMax", MapMax);
        Set("regions", Regions);
        Set("class", Class);
        Set("part", Part);
        Set("failure", Failure);
        Set("job", Job);
        Set("first", First);
        Set("generated", Generated is { } origin ? Name(origin) : null);
        Set("generatedProbability", GeneratedProbability);
        Set("profile", Profile);
        Set("heatmap", Heatmap);
        Set("map", Map);
        Set("width", Width);
        Set("height", Height);
        Set("queueMs", Timings.Queue);
        Set("downloadMs", Timings.Download);
        Set("decodeMs", Timings.Decode);
        Set("inferMs", Timings.Infer);
        Set("writeMs", Timings.Write);
        return entity;

        void Set(string column, object? value)
        {
            if (value is not null)
                entity[column] = value;
        }
    }

    /// <exception cref="InvalidDataException">A column that every row has is missing.</exception>
    internal static ResultRow Of(TableEntity entity)
    {
        return new ResultRow
        {
            Blob = Text("blob"),
            Model = Text("model"),
            Camera = Text("camera"),
            Image = Text("image"),
            ETag = Text("etag"),
            ImageTime = entity.GetDateTimeOffset("imageTime") ?? throw Missing(entity, "imageTime"),
            Time = entity.GetDateTimeOffset("time") ?? throw Missing(entity, "time"),
            Verdict = VerdictOf(entity),
            Score = entity.GetDouble("score"),
            Raw = entity.GetDouble("raw"),
            Threshold = entity.GetDouble("threshold"),
            Detection = entity.GetDouble("detection"),
            MapMax = entity.GetDouble("mapMax"),
            Regions = entity.GetInt32("regions") ?? 0,
            Class = Text("class"),
            Part = entity.GetString("part"),
            Failure = entity.GetString("failure"),
            Job = entity.GetString("job"),
            First = entity.GetString("first"),
            Generated = Enum.TryParse(entity.GetString("generated"), ignoreCase: true, out PictureOrigin origin) ? origin : null,
            GeneratedProbability = entity.GetDouble("generatedProbability"),
            Profile = entity.GetString("profile"),
            Heatmap = entity.GetString("heatmap"),
            Map = entity.GetString("map"),
            Width = entity.GetInt32("width") ?? 0,
            Height = entity.GetInt32("height") ?? 0,
            Timings = new TimingsPart(
                entity.GetDouble("queueMs"),
                entity.GetDouble("downloadMs"),
                entity.GetDouble("decodeMs"),
                entity.GetDouble("inferMs"),
                entity.GetDouble("writeMs")
            ),
            Cursor = entity.RowKey,
        };

        string Text(string column) => entity.GetString(column) ?? throw Missing(entity, column);
    }

    /// <exception cref="InvalidDataException">The row has none.</exception>
    internal static Verdict VerdictOf(TableEntity entity) =>
        Enum.TryParse(entity.GetString("verdict"), ignoreCase: true, out Verdict verdict) ? verdict : throw Missing(entity, "verdict");

    private static InvalidDataException Missing(TableEntity entity, string column) =>
        new(
            $"Row '{entity.RowKey}' of partition '{entity.PartitionKey}' in the results index has no {column}: 'aaclip verify "
                + "--repair-index' writes it again."
        );

    internal static string Name(PictureOrigin origin) => origin.ToString().ToLowerInvariant();

    internal static string Name(Verdict verdict) => verdict.ToString().ToLowerInvariant();
}
