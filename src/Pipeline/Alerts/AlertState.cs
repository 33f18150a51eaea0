using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Alerts;

/// <summary>What is remembered of a camera between its images: the content of state/alerts/{camera}.json.</summary>
internal sealed record AlertState
{
    /// <summary>The version that this program reads and writes.</summary>
    public const int CurrentSchema = 1;

    /// <summary>State of a camera of which nothing was scored.</summary>
    public static AlertState Empty { get; } = new();

    /// <summary>Version of the document; a newer one is refused, for writing it back would lose what it says.</summary>
    public int SchemaVersion
    {
        get;
        init =>
            field = value is 0 or CurrentSchema
                ? CurrentSchema
                : throw new JsonException(
                    $"A state of alerts has schemaVersion {value}; this program knows {CurrentSchema}: update it, or delete the "
                        + $"blob to start afresh."
                );
    } = CurrentSchema;

    /// <summary>The newest images by their time, oldest first; of equal times, the one that arrived first comes first.</summary>
    public IReadOnlyList<Observation> Recent { get; init; } = [];

    /// <summary>Time of the newest image that had to leave <see cref="Recent"/>; null while none had to.</summary>
    public DateTimeOffset? Horizon { get; init; }

    /// <summary>The open alert; null when there is none.</summary>
    public OpenAlert? Open { get; init; }

    /// <summary>The alert that was closed last; null before the first.</summary>
    public ClosedAlert? Closed { get; init; }

    /// <summary>Changes that were decided and are not yet with every receiver, in the order of their decision.</summary>
    public IReadOnlyList<PendingChange> Outbox { get; init; } = [];

    /// <summary>Who is delivering the outbox; null when nobody is.</summary>
    public DeliveryClaim? Claim { get; init; }

    /// <summary>What a newer program of the same version has added: kept.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

/// <summary>An image that counts.</summary>
/// <param name="Id">Made of image and ETag; the same image counts once, whichever model scored it.</param>
/// <param name="Time">When the image was stored.</param>
/// <param name="Anomalous">Its verdict.</param>
/// <param name="Calibrated">Calibrated score, 0 to 1.</param>
/// <param name="Picture">What an alert would show of it; kept only where an alert may still need it.</param>
internal sealed record Observation(string Id, DateTimeOffset Time, bool Anomalous, double Calibrated, AlertPicture? Picture = null);

/// <summary>An alert that was opened and not closed.</summary>
/// <param name="Id">Id of the alert.</param>
/// <param name="OpenedAt">Time of the image that opened it.</param>
/// <param name="Sequence">Number of its newest change, from 1.</param>
/// <param name="Severity">Severity that receivers know.</param>
/// <param name="Images">Images that took part.</param>
/// <param name="Worst">The image with the highest score.</param>
internal sealed record OpenAlert(string Id, DateTimeOffset OpenedAt, int Sequence, string Severity, int Images, AlertPicture Worst);

/// <summary>The alert that was closed last.</summary>
/// <param name="At">Time of the image that closed it.</param>
/// <param name="Calibrated">Its highest calibrated score.</param>
internal sealed record ClosedAlert(DateTimeOffset At, double Calibrated);

/// <summary>A change and the receivers that already have it.</summary>
internal sealed record PendingChange(AlertChange Change, IReadOnlyList<string> DeliveredTo)
{
    /// <summary>When it was decided; null in a state of an older program.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Places that were made for it, by receiver.</summary>
    public IReadOnlyDictionary<string, Reservation> Places
    {
        get;
        init => field = value ?? None;
    } = None;

    private static readonly Dictionary<string, Reservation> None = [];
}

/// <summary>A hidden message that waits for its event.</summary>
/// <param name="Message">Id of the message.</param>
/// <param name="Receipt">Its pop receipt: fits until the message is shown.</param>
/// <param name="Until">From here on a new place is made.</param>
internal sealed record Reservation(string Message, string Receipt, DateTimeOffset Until);

/// <summary>Whoever holds the claim delivers the outbox; after it expires, any worker may deliver.</summary>
internal sealed record DeliveryClaim(string Worker, DateTimeOffset Until);
