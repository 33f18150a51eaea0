using System.Text.Json.Nodes;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Reviews;

namespace AaClip.Review.Api;

/// <summary>Two models on the same images.</summary>
internal static class CompareApi
{
    private const int MaxRows = 200_000; // a few seconds on one machine
    private const int DefaultTop = 100,
        MaxTop = 1000;

    public static void Map(RouteGroupBuilder api) => api.MapGet("/compare", CompareAsync);

    private static async Task<JsonObject> CompareAsync(
        string a,
        string b,
        string? camera,
        DateTimeOffset? from,
        DateTimeOffset? to,
        int? top,
        ResultIndex index,
        ReviewedResults results,
        CancellationToken cancellation
    )
    {
        if (a == b)
            throw new ArgumentException($"Both models are {a}: name two.");
        if (top is < 1 or > MaxTop)
            throw new ArgumentException($"top is {top}, expected 1 to {MaxTop}.");

        // Results of all models on one image lie side by side.
        long both = 0,
            same = 0,
            aOnly = 0,
            bOnly = 0;
        int rows = 0;
        PriorityQueue<(ResultRow A, ResultRow B), double> largest = new(); // the smallest of them is first out
        Dictionary<string, ResultRow> image = new(StringComparer.Ordinal);
        string? at = null;
        await foreach (
            ResultRow row in index.QueryAsync(
                new ResultQuery
                {
                    Camera = camera,
                    From = from,
                    To = to,
                },
                cancellation
            )
        )
        {
            if (row.ImageKey != at)
                Close();
            at = row.ImageKey;
            if (row.Model == a || row.Model == b)
                image[row.Model] = row;
            if (++rows == MaxRows)
                break;
        }

        Close();
        List<(ResultRow A, ResultRow B)> flips =
        [
            .. largest.UnorderedItems.Select(i => i.Element).OrderByDescending(f => Difference(f)).ThenByDescending(f => f.A.ImageTime),
        ];
        return new JsonObject
        {
            ["a"] = a,
            ["b"] = b,
            ["both"] = both,
            ["same"] = same,
            ["aOnly"] = aOnly,
            ["bOnly"] = bOnly,
            ["flips"] = new JsonArray([.. await PairsAsync(flips, results, cancellation)]),
            ["truncated"] = rows == MaxRows,
        };

        void Close()
        {
            if (image.TryGetValue(a, out ResultRow? ofA) && image.TryGetValue(b, out ResultRow? ofB))
                Add(ofA, ofB);
            image.Clear();
        }

        void Add(ResultRow ofA, ResultRow ofB)
        {
            both++;
            if (ofA.Verdict == ofB.Verdict)
            {
                same++;
                return;
            }

            aOnly += ofA.Verdict == Verdict.Anomalous ? 1 : 0;
            bOnly += ofB.Verdict == Verdict.Anomalous ? 1 : 0;
            largest.Enqueue((ofA, ofB), Difference((ofA, ofB)));
            if (largest.Count > (top ?? DefaultTop))
                largest.Dequeue();
        }
    }

    private static double Difference((ResultRow A, ResultRow B) flip) => Math.Abs((flip.A.Score ?? 0) - (flip.B.Score ?? 0));

    private static async Task<IReadOnlyList<JsonNode>> PairsAsync(
        IReadOnlyList<(ResultRow A, ResultRow B)> flips,
        ReviewedResults results,
        CancellationToken cancellation
    )
    {
        Dictionary<string, ReviewedRow> joined = (
            await results.JoinAsync([.. flips.Select(f => f.A).OrderBy(r => r.Cursor, StringComparer.Ordinal)], cancellation)
        ).ToDictionary(r => r.Row.Cursor, StringComparer.Ordinal);
        return
        [
            .. flips.Select(f => new JsonObject
            {
                ["a"] = RowView.Of(joined[f.A.Cursor]),
                ["b"] = RowView.Of(new ReviewedRow(f.B, joined[f.A.Cursor].Review)),
                ["difference"] = (f.B.Score ?? 0) - (f.A.Score ?? 0),
            }),
        ];
    }
}
