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
}

/// <summary>Names of kinds, as they stand in events, topics and tags of metrics.</summary>
public static class AlertKinds
{
    /// <summary>"anomaly", "silence" or "drift".</summary>
    public static string NameOf(this AlertKind kind) =>
        kind switch
        {
            AlertKind.Anomaly => "anomaly",
            AlertKind.Silence => "silence",
            _ => "drift",
        };

    /// <summary>Returns the kind of a name; null if there is none.</summary>
    public static AlertKind? Of(string name) =>
        name switch
        {
            "anomaly" => AlertKind.Anomaly,
            "silence" => AlertKind.Silence,
            "drift" => AlertKind.Drift,
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
