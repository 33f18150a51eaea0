using System.Text.Json;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Reviews;

namespace AaClip.Review.Api;

/// <summary>A result as the page gets it: as GET results of the functions tells it, and the decision in force as "review".</summary>
internal static class RowView
{
    public static JsonObject Of(ReviewedRow row)
    {
        JsonObject json = JsonSerializer.SerializeToNode(row.Row, PageJson.Options)!.AsObject(); // not null: a row is an object
        if (row.Review is { } review)
            json["review"] = JsonSerializer.SerializeToNode(review, PageJson.Options);
        return json;
    }

    public static JsonArray Of(IEnumerable<ReviewedRow> rows) => [.. rows.Select(Of)];
}
