namespace AaClip.Pipeline.Operations;

/// <summary>The result of a check that every image has a result.</summary>
public sealed record VerifyReport
{
    /// <summary>Whether the check found no error.</summary>
    public bool Clean =>
        Missing.Count + Doubled.Count + WithoutMap.Count + RepeatedAlerts.Count + Mixed.Count == 0
        && !Queues.Any(q => q.Key.EndsWith("-poison", StringComparison.Ordinal) && q.Value > 0);

    /// <summary>Number of images in the images container.</summary>
    public required int Images { get; init; }

    /// <summary>
    /// Number of images that are not scored: of an unknown camera, matched by a skip pattern, or empty, such as placeholders of folders.
    /// </summary>
    public required int Skipped { get; init; }

    /// <summary>Number of images whose current version has a result.</summary>
    public required int Accounted { get; init; }

    /// <summary>Number of results, by model.</summary>
    public required IReadOnlyDictionary<string, int> Models { get; init; }

    /// <summary>Number of results of overwritten versions or deleted images.</summary>
    public required int Older { get; init; }

    /// <summary>Images whose current version has no result.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Results of an image version that has another result of the same model, and results with a wrong blob name.</summary>
    public required IReadOnlyList<string> Doubled { get; init; }

    /// <summary>Results with a score but without a stored raw map. This is an error, because the result is written last.</summary>
    public required IReadOnlyList<string> WithoutMap { get; init; }

    /// <summary>
    /// Images whose current version has a failed result, with the code of the failure. This is not an error, but should be examined.
    /// </summary>
    public required IReadOnlyList<string> Failed { get; init; }

    /// <summary>Number of failed results of overwritten or deleted versions.</summary>
    public required int PastFailures { get; init; }

    /// <summary>
    /// Models that alternate in scoring new images, because two hosts with different models use one storage account; empty if none do.
    /// </summary>
    public required IReadOnlyList<string> Mixed { get; init; }

    /// <summary>
    /// Heatmaps and maps without a result: a worker crashed before it wrote the result, and the image was then overwritten or deleted. This
    /// is not an error.
    /// </summary>
    public required IReadOnlyList<string> Orphans { get; init; }

    /// <summary>Failed messages that were not sent back (results/failed/).</summary>
    public required IReadOnlyList<string> GivenUp { get; init; }

    /// <summary>Approximate number of messages, by queue; without empty queues.</summary>
    public required IReadOnlyDictionary<string, int> Queues { get; init; }

    /// <summary>
    /// Queues with a message older than one day among their first 32. No consumer seems to read them, and alerts expire after seven days.
    /// </summary>
    public required IReadOnlyList<string> Waiting { get; init; }

    /// <summary>Number of alert events that were read.</summary>
    public required int Alerts { get; init; }

    /// <summary>Ids of alert events that are in the queue more than once.</summary>
    public required IReadOnlyList<string> RepeatedAlerts { get; init; }
}
