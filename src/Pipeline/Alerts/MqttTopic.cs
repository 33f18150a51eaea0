using System.Globalization;
using System.Text;

namespace AaClip.Pipeline.Alerts;

/// <summary>Topics of MQTT messages, made from a pattern such as "aaclip/alerts/{camera}".</summary>
internal static class MqttTopic
{
    /// <summary>
    /// Regular expression of a pattern: the placeholders {camera}, {kind} (anomaly, silence, drift, generated or event), {severity}, {type}
    /// (opened, updated, acknowledged or closed) and {class}; no wildcard and no control character; not in the namespace of brokers, which
    /// begins with "$".
    /// </summary>
    public const string Pattern = @"^(?!\$)([^{}+#\x00-\x1F\x7F-\x9F]|\{(camera|kind|severity|type|class)\})+$";

    private const string None = "none"; // silence and drift have neither severity nor class

    /// <summary>Returns the topic of an event.</summary>
    public static string Of(string pattern, AlertEvent alert) =>
        string.Join(
            "",
            pattern
                .Split('{', '}')
                .Select(
                    (part, i) =>
                        i % 2 == 0
                            ? part
                            : Escape(
                                part switch
                                {
                                    "camera" => alert.Data.Camera,
                                    "kind" => alert.Kind.NameOf(),
                                    "severity" => alert.Anomaly?.Severity ?? None,
                                    "type" => alert.Change,
                                    _ => alert.Anomaly?.ObjectClass ?? alert.Generated?.ObjectClass ?? None,
                                }
                            )
                )
        );

    // A value stays within its level: no separator, wildcard, "$" that makes a topic the broker's own, or character that brokers refuse.
    // "%" too, so that two values never give one topic.
    private static string Escape(string value)
    {
        StringBuilder escaped = new();
        foreach (Rune rune in value.EnumerateRunes())
            if (Rune.IsControl(rune) || rune.Value is '+' or '#' or '/' or '$' or '%')
                foreach (byte part in Encoding.UTF8.GetBytes(rune.ToString()))
                    escaped.Append(CultureInfo.InvariantCulture, $"%{part:X2}");
            else
                escaped.Append(rune);
        return escaped.ToString();
    }
}
