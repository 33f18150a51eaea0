using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Alerts;

/// <summary>What an alert is about.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertKind>))]
public enum AlertKind
{
    /// <summary>Images of the camera are anomalous.</summary>
    [JsonStringEnumMemberName("anomaly")]
    Anomaly,

    /// <summary>The camera sends no images any more.</summary>
    [JsonStringEnumMemberName("silence")]
    Silence,

    /// <summary>The scores of the camera have moved.</summary>
    [JsonStringEnumMemberName("drift")]
    Drift,

    /// <summary>A generator seems to have made an image.</summary>
    [JsonStringEnumMemberName("generated")]
    Generated,

    /// <summary>An event was found in the camera's sequence of images.</summary>
    [JsonStringEnumMemberName("event")]
    Event,
}

/// <summary>Names of kinds, as they stand in events, topics and tags of metrics.</summary>
public static class AlertKinds
{
    /// <summary>"anomaly", "silence", "drift", "generated" or "event".</summary>
    public static string NameOf(this AlertKind kind) =>
        kind switch
        {
            AlertKind.Anomaly => "anomaly",
            AlertKind.Silence => "silence",
            AlertKind.Generated => "generated",
            AlertKind.Event => "event",
            _ => "drift",
        };

    /// <summary>Returns the kind of a name; null if there is none.</summary>
    public static AlertKind? Of(string name) =>
        name switch
        {
            "anomaly" => AlertKind.Anomaly,
            "silence" => AlertKind.Silence,
            "drift" => AlertKind.Drift,
            "generated" => AlertKind.Generated,
            "event" => AlertKind.Event,
            _ => null,
        };
}

/// <summary>The facts of a silent camera.</summary>
/// <param name="LastImageAt">When its last image was stored.</param>
/// <param name="LimitSeconds">After how long without an image it counts as silent.</param>
public sealed record AlertSilence(DateTimeOffset LastImageAt, double LimitSeconds);

/// <summary>The facts of a camera whose scores have moved.</summary>
/// <param name="Model">"name@version" of the model.</param>
/// <param name="Psi">Population stability index of its recent scores, 0 or more.</param>
public sealed record AlertDrift(string Model, double Psi);

/// <summary>The facts of an image that a generator seems to have made.</summary>
/// <param name="Model">"name@version" of the check.</param>
/// <param name="Probability">That a generator made it, as far as the check knows: 0 to 1.</param>
/// <param name="PValue">See <see cref="Contracts.GeneratedPart"/>.</param>
/// <param name="Threshold">Images with this probability or more are flagged.</param>
/// <param name="ObjectClass">Name of the object's class, such as "bottle".</param>
/// <param name="Image">Blob name in the images container.</param>
/// <param name="ETag">Version of the blob.</param>
/// <param name="Result">Blob name in the results container.</param>
/// <param name="Part">The part that the image shows; null if it is not known.</param>
public sealed record AlertGenerated(
    string Model,
    double Probability,
    double? PValue,
    double Threshold,
    string ObjectClass,
    string Image,
    string ETag,
    string Result,
    string? Part = null
);

/// <summary>The facts of an event in a camera's sequence: the strongest of a window.</summary>
/// <param name="Model">"name@version" of the temporal model.</param>
/// <param name="Label">The abnormal class with the largest mean probability.</param>
/// <param name="Probability">That mean probability, 0 to 1.</param>
/// <param name="Score">The largest mean score over the shortest duration, 0 to 1.</param>
/// <param name="Threshold">Scores at or above this are an event.</param>
/// <param name="From">Its begin.</param>
/// <param name="To">Its end, or how far it has come.</param>
/// <param name="WindowFrom">Begin of the window.</param>
/// <param name="WindowTo">End of the window.</param>
/// <param name="Provisional">Whether the window is not complete yet, so that the numbers may change.</param>
/// <param name="Image">The image with the highest score: blob name in the images container.</param>
/// <param name="ETag">Version of that blob.</param>
/// <param name="Timeline">Blob name in the timelines container; null while provisional.</param>
public sealed record AlertEventFacts(
    string Model,
    string Label,
    double Probability,
    double Score,
    double Threshold,
    DateTimeOffset From,
    DateTimeOffset To,
    DateTimeOffset WindowFrom,
    DateTimeOffset WindowTo,
    bool Provisional,
    string Image,
    string ETag,
    string? Timeline
);
