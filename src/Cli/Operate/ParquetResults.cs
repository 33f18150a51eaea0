using System.Globalization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Index;
using AaClip.Scoring;
using Parquet;
using Parquet.Serialization;

namespace AaClip.Cli.Operate;

/// <summary>Writes rows of the results index as Parquet files, one a month, for DuckDB, pandas or Power BI.</summary>
internal static class ParquetResults
{
    private const int Batch = 50_000; // rows of a row group, and of what is held in memory

    /// <summary>Writes the rows of a month, newest image first.</summary>
    /// <param name="progress">Gets the number of rows written so far.</param>
    /// <returns>How many rows there were; 0 writes no file.</returns>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    public static async Task<int> WriteAsync(
        string path,
        IAsyncEnumerable<ResultRow> rows,
        Action<int> progress,
        CancellationToken cancellation
    )
    {
        await using IAsyncEnumerator<ResultRow> source = rows.GetAsyncEnumerator(cancellation);
        if (!await source.MoveNextAsync())
            return 0;
        int count = 0;
        await WholeFile.WriteAsync(
            path,
            async file =>
            {
                List<Row> batch = [];
                bool more = true;
                while (more)
                {
                    batch.Add(Row.Of(source.Current));
                    more = await source.MoveNextAsync();
                    if (batch.Count < Batch && more)
                        continue;
                    await ParquetSerializer.SerializeAsync(
                        batch,
                        file,
                        new ParquetOptions { Append = count > 0, CompressionMethod = CompressionMethod.Zstd },
                        null,
                        cancellation
                    );
                    count += batch.Count;
                    progress(count);
                    batch.Clear();
                }
            }
        );
        return count;
    }

    /// <summary>Name of the file of a month.</summary>
    public static string FileOf(DateOnly month) => $"results-{month.ToString("yyyy-MM", CultureInfo.InvariantCulture)}.parquet";

    // The columns of a file, in this order; times are UTC.
    internal sealed class Row
    {
        public DateTime ImageTime { get; set; }

        public string Camera { get; set; } = "";

        public string Image { get; set; } = "";

        public string Etag { get; set; } = "";

        public string Model { get; set; } = "";

        public string Class { get; set; } = "";

        public string? Part { get; set; }

        public string Verdict { get; set; } = "";

        public double? Score { get; set; }

        public double? Raw { get; set; }

        public double? Threshold { get; set; }

        public double? Detection { get; set; }

        public double? MapMax { get; set; }

        public int Regions { get; set; }

        public string? Failure { get; set; }

        public string? Job { get; set; }

        public int Width { get; set; }

        public int Height { get; set; }

        public DateTime ScoredAt { get; set; }

        public double? QueueMs { get; set; }

        public double? DownloadMs { get; set; }

        public double? DecodeMs { get; set; }

        public double? InferMs { get; set; }

        public double? WriteMs { get; set; }

        public string Result { get; set; } = "";

        public string? Heatmap { get; set; }

        public string? Map { get; set; }

        // Last, where files of older programs end without them. Null if the picture was not checked.
        public double? GeneratedProbability { get; set; }

        public bool? GeneratedFlagged { get; set; }

        public static Row Of(ResultRow row) =>
            new()
            {
                ImageTime = row.ImageTime.UtcDateTime,
                Camera = row.Camera,
                Image = row.Image,
                Etag = row.ETag,
                Model = row.Model,
                Class = row.Class,
                Part = row.Part,
                Verdict = Words.Of(row.Verdict),
                Score = row.Score,
                Raw = row.Raw,
                Threshold = row.Threshold,
                Detection = row.Detection,
                MapMax = row.MapMax,
                Regions = row.Regions,
                Failure = row.Failure,
                Job = row.Job,
                Width = row.Width,
                Height = row.Height,
                ScoredAt = row.Time.UtcDateTime,
                QueueMs = row.Timings.Queue,
                DownloadMs = row.Timings.Download,
                DecodeMs = row.Timings.Decode,
                InferMs = row.Timings.Infer,
                WriteMs = row.Timings.Write,
                Result = row.Blob,
                Heatmap = row.Heatmap,
                Map = row.Map,
                GeneratedProbability = row.GeneratedProbability,
                GeneratedFlagged = row.Generated is { } origin ? origin == PictureOrigin.Generated : null,
            };
    }
}
