using System.IO.Hashing;
using System.Text.Json;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Storage;
using Microsoft.Net.Http.Headers;

namespace AaClip.Review.Api;

/// <summary>Results with people's decisions: pages of them, one document, all that is known of one image.</summary>
internal static class ResultsApi
{
    private const int DefaultTop = 100;

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/results", ListAsync);
        api.MapGet("/result", DocumentAsync);
        api.MapGet("/versions", VersionsAsync);
    }

    /// <summary>The query of a request, for the live model where it names none.</summary>
    /// <param name="others">Parameters that the caller reads.</param>
    public static async Task<(ResultQuery Query, int Top)> QueryAsync(
        HttpRequest request,
        Models models,
        string[] others,
        CancellationToken cancellation
    )
    {
        string[] known = [.. ResultQueryText.Parameters, .. others];
        if (request.Query.Keys.FirstOrDefault(k => !known.Contains(k, StringComparer.OrdinalIgnoreCase)) is { } unknown)
            throw new ArgumentException($"The parameter '{unknown}' is not known: there are {string.Join(", ", known)}.");
        ResultQuery query = ResultQueryText.Read(
            name =>
                request.Query[name].ToString() is { Length: > 0 } value ? value
                : name == "top" ? $"{DefaultTop}"
                : null,
            out int top
        );
        return (
            query.Model switch
            {
                null => query with { Model = await models.LiveAsync(cancellation) },
                "*" => query with { Model = null },
                _ => query,
            },
            top
        );
    }

    private static async Task<IResult> ListAsync(
        HttpRequest request,
        Models models,
        ReviewedResults results,
        CancellationToken cancellation
    )
    {
        (ResultQuery query, int top) = await QueryAsync(request, models, ["review"], cancellation);
        List<ReviewedRow> rows = await results
            .QueryAsync(query, Decisions(request.Query["review"].ToString()), cancellation)
            .Take(top)
            .ToListAsync(cancellation);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(
            new JsonObject
            {
                ["model"] = query.Model,
                ["results"] = RowView.Of(rows),
                ["next"] = rows.Count == top ? rows[^1].Row.Cursor : null,
            },
            PageJson.Options
        );
        return Results.Bytes(
            json,
            "application/json",
            entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(XxHash128.Hash(json))}\"") // asked again, it answers 304
        );
    }

    private static async Task<IResult> DocumentAsync(string blob, ResultStore results, CancellationToken cancellation)
    {
        ResultDocument document =
            await results.ReadAsync(BlobNames.Checked(blob), cancellation)
            ?? throw new KeyNotFoundException($"There is no result '{blob}'.");
        return Results.Text(JsonSerializer.Serialize(document, ResultJson.Default.ResultDocument), "application/json");
    }

    private static async Task<JsonObject> VersionsAsync(
        string camera,
        string cursor,
        ResultIndex index,
        ReviewedResults results,
        ReviewStore reviews,
        CancellationToken cancellation
    )
    {
        IReadOnlyList<ResultRow> rows = await index.VersionsAsync(camera, cursor, cancellation: cancellation);
        return new JsonObject
        {
            ["results"] = RowView.Of(await results.JoinAsync(rows, cancellation)),
            ["reviews"] = JsonSerializer.SerializeToNode(await reviews.HistoryAsync(cursor, cancellation), PageJson.Options),
        };
    }

    private static HashSet<ReviewVerdict>? Decisions(string text) =>
        text.Length == 0
            ? null
            :
            [
                .. text.Split(',')
                    .Select(word =>
                        word.ToLowerInvariant() switch
                        {
                            "undecided" => ReviewVerdict.None,
                            "fine" => ReviewVerdict.Fine,
                            "defect" => ReviewVerdict.Defect,
                            "unsure" => ReviewVerdict.Unsure,
                            _ => throw new ArgumentException($"review is '{word}', expected undecided, fine, defect or unsure."),
                        }
                    ),
            ];
}
