namespace AaClip.Pipeline.Operations;

/// <summary>What became of every image.</summary>
public sealed record VerifyReport
{
    /// <summary>Whether everything is accounted for.</summary>
    public bool Clean =>
        Missing.Count + Doubled.Count + WithoutMap.Count + RepeatedAlerts.Count + Mixed.Count + Unindexed.Count + StaleRows.Count == 0
        && !Queues.Any(q => q.Key.EndsWith("-poison", StringComparison.Ordinal) && q.Value > 0);

    /// <summary>Images in the images container.</summary>
    public required int Images { get; init; }

    /// <summary>
    /// Images that are not scored: of an unknown camera, by a skip pattern, or without a byte, such as placeholders of folders.
    /// </summary>
    public required int Skipped { get; init; }

    /// <summary>Images whose current version has exactly one result of a model.</summary>
    public required int Accounted { get; init; }

    /// <summary>Models that have results, and how many.</summary>
    public required IReadOnlyDictionary<string, int> Models { get; init; }

    /// <summary>Results of versions that were overwritten, or of images that were deleted.</summary>
    public required int Older { get; init; }

    /// <summary>Images whose current version has no result.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Results of an image version that has another one of the same model, or that lie under a name that is not theirs.</summary>
    public required IReadOnlyList<string> Doubled { get; init; }

    /// <summary>Results with a score whose raw map is not there: the result is written last, so this should not be.</summary>
    public required IReadOnlyList<string> WithoutMap { get; init; }

    /// <summary>
    /// Images whose present version has a result without a score, and the code of its failure: accounted for, but worth a look.
    /// </summary>
    public required IReadOnlyList<string> Failed { get; init; }

    /// <summary>Failures of versions that were replaced or deleted since.</summary>
    public required int PastFailures { get; init; }

    /// <summary>
    /// Models that took turns with new images, as two hosts with different models on one storage do; empty where none did.
    /// </summary>
    public required IReadOnlyList<string> Mixed { get; init; }

    /// <summary>Heatmaps and maps without a result: of an image that was overwritten or deleted while a worker crashed; harmless.</summary>
    public required IReadOnlyList<string> Orphans { get; init; }

    /// <summary>Results that the index does not have, or of which it says something else.</summary>
    public required IReadOnlyList<string> Unindexed { get; init; }

    /// <summary>Rows of the index whose result is not there, or that are second ones of their result.</summary>
    public required IReadOnlyList<string> StaleRows { get; init; }

    /// <summary>Messages that were given up on and not sent back since (results/failed/).</summary>
    public required IReadOnlyList<string> GivenUp { get; init; }

    /// <summary>Messages in each queue that has any, about.</summary>
    public required IReadOnlyDictionary<string, int> Queues { get; init; }

    /// <summary>
    /// Queues in whose first 32 messages one waits for more than a day: alerts expire after seven, and what waits so long is not worked on.
    /// </summary>
    public required IReadOnlyList<string> Waiting { get; init; }

    /// <summary>Alert events looked at.</summary>
    public required int Alerts { get; init; }

    /// <summary>Ids of alert events that were seen more than once.</summary>
    public required IReadOnlyList<string> RepeatedAlerts { get; init; }
}
