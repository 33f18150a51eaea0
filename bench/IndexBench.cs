using System.Diagnostics;
using System.Globalization;
using AaClip.LocalHost.Storage;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Bench;

/// <summary>
/// Queries of the results index against the number of results: a year of images of ten cameras, of which one in fifty is anomalous, on an
/// Azurite of its own.
/// </summary>
internal static class IndexBench
{
    private const int Cameras = 10;
    private const int Repeats = 15;
    private const double LargestMilliseconds = 150,
        LargestGrowth = 1.5;

    private static readonly DateTimeOffset End = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private static readonly (string What, ResultQuery Query)[] Questions =
    [
        ("newest 50 of a camera", new ResultQuery { Camera = "line3", PageSize = 50 }),
        (
            "50 of a camera, half a year back",
            new ResultQuery
            {
                Camera = "line3",
                To = End.AddDays(-180),
                PageSize = 50,
            }
        ),
        ("newest 50 of all cameras", new ResultQuery { PageSize = 50 }),
        ("newest 50 anomalies of all cameras", new ResultQuery { Verdicts = [Verdict.Anomalous], PageSize = 50 }),
    ];

    public static async Task<int> RunAsync(int[] sizes, bool save, CancellationToken cancellation)
    {
        List<Row> rows = [];
        Dictionary<string, double> first = [];
        foreach (int size in sizes)
        {
            await using Azurite azurite = await StartAsync(cancellation);
            ResultIndex index = new(Clients(azurite.ConnectionString));
            long start = Stopwatch.GetTimestamp();
            await FillAsync(index, size, cancellation);
            double writing = Stopwatch.GetElapsedTime(start).TotalSeconds;
            rows.Add(Row.Of($"{Number(size)} results: rows written a second", $"{size / writing:F0}"));
            Console.Error.WriteLine(FormattableString.Invariant($"{size} rows written in {writing:F0} s."));

            foreach ((string what, ResultQuery query) in Questions)
            {
                double[] times = await TimesAsync(index, query, cancellation);
                double median = times[times.Length / 2];
                string target = FormattableString.Invariant($"{LargestMilliseconds:F0} ms");
                rows.Add(
                    Row.Of(
                        $"{Number(size)} results: {what}",
                        $"{median:F1} ms",
                        target,
                        median <= LargestMilliseconds,
                        $"{times[0]:F1} to {times[^1]:F1}"
                    )
                );
                if (first.TryGetValue(what, out double least))
                    rows.Add(Row.Of("  against the first number", $"{median / least:F2}x", "1.50x", median / least <= LargestGrowth));
                else
                    first[what] = median;
            }
        }

        rows.AddRange(await CountsBench.RunAsync(cancellation));
        Report report = new()
        {
            At = TimeProvider.System.GetUtcNow(),
            Machine = Machine.Describe(),
            Runtime = $".NET {Environment.Version}, Azurite in memory, all on this machine",
            GflopPerSecond = 0,
            Rows = rows,
        };
        Table.Write(report, []);
        if (save)
            await report.SaveAsync("index", cancellation);
        return 0;
    }

    /// <summary>Starts an Azurite in memory.</summary>
    public static Task<Azurite> StartAsync(CancellationToken cancellation) =>
        Azurite.StartAsync(
            Path.Combine(ScoringBench.Root, "node_modules", "azurite", "dist", "src", "azurite.js"),
            null,
            0,
            NullLogger.Instance,
            cancellation
        );

    /// <summary>Clients of the storage of a connection string.</summary>
    public static StorageClients Clients(string connection) =>
        new(
            new ConfigurationBuilder()
                .AddInMemoryCollection([KeyValuePair.Create<string, string?>(StorageConnection.Setting, connection)])
                .Build(),
            Options.Create(new StorageOptions())
        );

    /// <summary>Milliseconds of the query for the newest 50 results of a camera: the median.</summary>
    /// <param name="size">Results in the index.</param>
    public static async Task<double> NewestAsync(int size, CancellationToken cancellation)
    {
        await using Azurite azurite = await StartAsync(cancellation);
        ResultIndex index = new(Clients(azurite.ConnectionString));
        await FillAsync(index, size, cancellation);
        return ScoringBench.Median(await TimesAsync(index, Questions[0].Query, cancellation));
    }

    private static async Task FillAsync(ResultIndex index, int size, CancellationToken cancellation)
    {
        long span = TimeSpan.FromDays(365).Ticks;
        await Parallel.ForAsync(
            0,
            size,
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellation },
            async (i, token) =>
            {
                string camera = string.Create(CultureInfo.InvariantCulture, $"line{i % Cameras}");
                DateTimeOffset stored = End.AddTicks(-(long)(span * ((double)i / size)));
                double score = i % 50 == 0 ? 0.8 : 0.2;
                await index.PutAsync(Result(camera, i, stored, score), token);
            }
        );
    }

    /// <summary>A result as the pipeline writes it.</summary>
    public static ResultDocument Result(string camera, int number, DateTimeOffset stored, double score) =>
        new()
        {
            Image = new ImagePart
            {
                Name = string.Create(CultureInfo.InvariantCulture, $"{camera}/{stored:yyyy/MM/dd}/{number:D8}.jpg"),
                ETag = "0x8DE2CC0123456789",
                Bytes = 123_456,
                Width = 1920,
                Height = 1080,
                Camera = camera,
                ObjectClass = "bottle",
                StoredAt = stored,
            },
            Model = new ModelPart("aaclip", "3f2a91bc", null, null, null),
            Score = new ScorePart(score >= 0.5 ? Verdict.Anomalous : Verdict.Normal, 0.5f, 0.5f, score, score, 0.5),
            Heatmap = string.Create(CultureInfo.InvariantCulture, $"aaclip@3f2a91bc/{camera}/{number:D8}.jpg/0x8DE2CC0123456789.jpg"),
            Timings = new TimingsPart(1, 2, 3, 4, 5),
            ScoredAt = stored.AddSeconds(1),
        };

    private static async Task<double[]> TimesAsync(ResultIndex index, ResultQuery query, CancellationToken cancellation)
    {
        List<double> times = [];
        for (int i = -2; i < Repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            int count = await index.QueryAsync(query, cancellation).Take(50).CountAsync(cancellation);
            if (count != 50)
                throw new InvalidOperationException($"A query found {count} rows instead of 50.");
            if (i >= 0) // two to warm up
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return [.. times.Order()];
    }

    private static string Number(int size) => size.ToString("N0", CultureInfo.InvariantCulture);
}
