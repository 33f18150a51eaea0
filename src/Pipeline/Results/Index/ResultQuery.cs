using AaClip.Pipeline.Contracts;
using Azure.Data.Tables;

namespace AaClip.Pipeline.Results.Index;

/// <summary>Which results of the index; what is left out chooses all.</summary>
public sealed record ResultQuery
{
    /// <summary>Camera.</summary>
    public string? Camera { get; init; }

    /// <summary>"name@version".</summary>
    public string? Model { get; init; }

    /// <summary>Verdicts.</summary>
    public IReadOnlyCollection<Verdict>? Verdicts { get; init; }

    /// <summary>What the object is called.</summary>
    public string? Class { get; init; }

    /// <summary>
    /// The part that the image shows. Without a camera, it looks at every row between <see cref="From"/> and <see cref="To"/>.
    /// </summary>
    public string? Part { get; init; }

    /// <summary>Job that asked.</summary>
    public string? Job { get; init; }

    /// <summary>Where the pictures seem to come from; those that were not checked are left out.</summary>
    public PictureOrigin? Generated { get; init; }

    /// <summary>Calibrated scores from here on.</summary>
    public double? MinScore { get; init; }

    /// <summary>Calibrated scores below.</summary>
    public double? MaxScore { get; init; }

    /// <summary>Images stored from here on.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Images stored before.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Results made from here on. Looks at every row between <see cref="From"/> and <see cref="To"/>.</summary>
    public DateTimeOffset? ScoredFrom { get; init; }

    /// <summary>Rows after the one with this <see cref="ResultRow.Cursor"/>.</summary>
    public string? After { get; init; }

    /// <summary>How many rows one request asks for, 1 to 1,000: about as many as will be read.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>All results of a month.</summary>
    public static ResultQuery OfMonth(DateOnly month) =>
        new()
        {
            From = new DateTimeOffset(month, default, TimeSpan.Zero),
            To = new DateTimeOffset(month.AddMonths(1), default, TimeSpan.Zero),
        };

    /// <summary>Whether partitions of anomalous and failed results alone can answer.</summary>
    internal bool IsOfFleetRows =>
        Camera is null && Verdicts is { Count: > 0 } && Verdicts.All(v => v is Verdict.Anomalous or Verdict.Failed);

    /// <exception cref="ArgumentException"><see cref="After"/> is no cursor.</exception>
    internal void Check()
    {
        if (After is not null && IndexKeys.TimeOf(After) is null)
            throw new ArgumentException($"'{After}' is no cursor: take one from a row that a query gave.");
    }

    /// <summary>The newest moment that counts, by which a scan begins; null for now.</summary>
    internal DateTimeOffset? Newest =>
        After is null ? To
        : IndexKeys.TimeOf(After) is var after && To < after ? To
        : after;

    /// <summary>The part of an OData filter on row keys and columns; never empty.</summary>
    internal string Filter()
    {
        List<string> parts = [$"RowKey gt '{Bound}'"];
        if (From is { UtcTicks: > 0 } from)
            parts.Add($"RowKey lt '{IndexKeys.Moment(from.AddTicks(-1))}'"); // of the tick before, so that "from" itself is in
        if (Model is not null)
            parts.Add(TableClient.CreateQueryFilter($"model eq {Model}"));
        if (Verdicts is not null)
            parts.Add($"({string.Join(" or ", Verdicts.Select(v => $"verdict eq '{ResultRow.Name(v)}'"))})");
        if (Class is not null)
            parts.Add(TableClient.CreateQueryFilter($"class eq {Class}"));
        if (Part is not null)
            parts.Add(TableClient.CreateQueryFilter($"part eq {Part}"));
        if (Job is not null)
            parts.Add(TableClient.CreateQueryFilter($"job eq {Job}"));
        if (Generated is { } origin)
            parts.Add(TableClient.CreateQueryFilter($"generated eq {ResultRow.Name(origin)}"));
        if (MinScore is { } min)
            parts.Add(TableClient.CreateQueryFilter($"score ge {min}"));
        if (MaxScore is { } max)
            parts.Add(TableClient.CreateQueryFilter($"score lt {max}"));
        if (ScoredFrom is { } scored)
            parts.Add(TableClient.CreateQueryFilter($"time ge {scored}"));
        return string.Join(" and ", parts);
    }

    // Row keys of the moment "to" itself begin with its digits and go on: they sort after the digits and "}", which is after "|".
    private string Bound
    {
        get
        {
            string to = To is { } bound ? IndexKeys.Moment(bound) + "}" : "";
            return string.CompareOrdinal(After, to) > 0 ? After! : to; // null is the least
        }
    }
}
