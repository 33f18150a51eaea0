using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Alerts;

/// <summary>The stored alert state of a camera: the content of state/alerts/{camera}.json.</summary>
internal sealed record AlertState
{
    /// <summary>The version that this program reads and writes.</summary>
    public const int CurrentSchema = 1;

    /// <summary>State of a camera without scored images.</summary>
    public static AlertState Empty { get; } = new();

    /// <summary>Version of the document; a newer one is rejected, because this program could not write back all of its content.</summary>
    public int SchemaVersion
    {
        get;
        init =>
            field = value is 0 or CurrentSchema
                ? CurrentSchema
                : throw new JsonException(
                    $"The state has schemaVersion {value}; this program reads {CurrentSchema}: update it, or delete the "
                        + $"blob to start without one."
                );
    } = CurrentSchema;

    /// <summary>The newest images, ordered by their time, oldest first; images with equal times are in the order of arrival.</summary>
    public IReadOnlyList<Observation> Recent
    {
        get;
        init => field = value ?? [];
    } = []; // the JSON reader sets an absent member to null

    /// <summary>Time of the newest image that was removed from <see cref="Recent"/>; null if none was.</summary>
    public DateTimeOffset? Horizon { get; init; }

    /// <summary>The open alert about anomalous images; null if there is none.</summary>
    public OpenAlert? Open { get; init; }

    /// <summary>The alert about anomalous images that was closed last; null before the first.</summary>
    public ClosedAlert? Closed { get; init; }

    /// <summary>The alert that the camera is silent; null if there is none.</summary>
    public OpenCondition? Silence { get; init; }

    /// <summary>The alert that the camera's scores have moved; null if there is none.</summary>
    public OpenCondition? Drift { get; init; }

    /// <summary>
    /// Alerts about events, open ones and the newest closed ones, in the order of their opening: a closed one stays closed, however late a
    /// decision on it comes.
    /// </summary>
    public IReadOnlyList<EventAlert> Events
    {
        get;
        init => field = value ?? [];
    } = []; // the JSON reader sets an absent member to null

    /// <summary>
    /// Up to this time, windows of events are complete: no provisional decision on one counts any more. Null before the first.
    /// </summary>
    public DateTimeOffset? EventsUntil { get; init; }

    /// <summary>Decided changes that are not yet delivered to every receiver, in the order of their decision.</summary>
    public IReadOnlyList<PendingChange> Outbox
    {
        get;
        init => field = value ?? [];
    } = []; // the JSON reader sets an absent member to null

    /// <summary>The worker that delivers the outbox now; null if there is none.</summary>
    public DeliveryClaim? Claim { get; init; }

    /// <summary>Unknown fields, from a newer program with the same version of the format; they are kept.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

/// <summary>An image that counted for alerts.</summary>
/// <param name="Id">Hash of image name and ETag; an image counts once, also if several models scored it.</param>
/// <param name="Time">When the image was stored.</param>
/// <param name="Anomalous">Whether the verdict was anomalous.</param>
/// <param name="Calibrated">Calibrated score, 0 to 1.</param>
/// <param name="Picture">Data for an alert; kept only while an alert may still need it.</param>
internal sealed record Observation(string Id, DateTimeOffset Time, bool Anomalous, double Calibrated, AlertPicture? Picture = null);

/// <summary>An alert about anomalous images that was opened and not closed.</summary>
/// <param name="Id">Id of the alert.</param>
/// <param name="OpenedAt">Time of the image that opened it.</param>
/// <param name="Sequence">Number of its newest change, from 1.</param>
/// <param name="Severity">Severity in its newest change.</param>
/// <param name="Images">Number of alerting images so far.</param>
/// <param name="Worst">The image with the highest score.</param>
internal sealed record OpenAlert(string Id, DateTimeOffset OpenedAt, int Sequence, string Severity, int Images, AlertPicture Worst)
{
    /// <summary>Who acknowledged it; null if nobody did.</summary>
    public AlertMark? Acknowledged { get; init; }
}

/// <summary>The alert that was closed most recently.</summary>
/// <param name="At">Time of the image that closed it.</param>
/// <param name="Calibrated">Its highest calibrated score.</param>
internal sealed record ClosedAlert(DateTimeOffset At, double Calibrated);

/// <summary>An alert about an event.</summary>
/// <param name="Id">Id of the alert.</param>
/// <param name="OpenedAt">Begin of the event that opened it.</param>
/// <param name="Sequence">Number of its newest change, from 1.</param>
/// <param name="Event">What was told last.</param>
/// <param name="Closed">Whether it is closed.</param>
internal sealed record EventAlert(string Id, DateTimeOffset OpenedAt, int Sequence, AlertEventFacts Event, bool Closed);

/// <summary>A change and the receivers that already have it.</summary>
internal sealed record PendingChange(AlertChange Change, IReadOnlyList<string> DeliveredTo)
{
    /// <summary>When the change was decided; null in a state written by an older program.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>
    /// Names of the receivers that were configured when a worker first saw the change; no other one gets it. Empty until then. Null in a
    /// state written by an older program, which had queue and topic.
    /// </summary>
    public IReadOnlyList<string>? Receivers { get; init; }

    /// <summary>Placeholder messages for the change, by receiver.</summary>
    public IReadOnlyDictionary<string, Reservation> Places
    {
        get;
        init => field = value ?? None;
    } = None;

    /// <summary>A change that no receiver has, and that is not addressed yet.</summary>
    public static PendingChange New(AlertChange change) => new(change, []) { Receivers = [] };

    private static readonly Dictionary<string, Reservation> None = [];
    private static readonly string[] Older = ["queue", "topic"];

    /// <summary>Whether no worker has named its receivers yet; on the review page, which has none, it stays so.</summary>
    [JsonIgnore]
    public bool IsUnaddressed => Receivers is { Count: 0 };

    /// <summary>Whether a receiver is to get the change and does not have it yet.</summary>
    public bool IsDue(string receiver) => (Receivers ?? Older).Contains(receiver) && !DeliveredTo.Contains(receiver);
}

/// <summary>A placeholder: a hidden queue message that an event will be written into.</summary>
/// <param name="Message">Id of the message.</param>
/// <param name="Receipt">Its pop receipt; valid until the message becomes visible.</param>
/// <param name="Until">After this time a new placeholder is made.</param>
internal sealed record Reservation(string Message, string Receipt, DateTimeOffset Until);

/// <summary>A worker's claim to deliver the outbox; after it expires, any worker may deliver.</summary>
internal sealed record DeliveryClaim(string Worker, DateTimeOffset Until);
