using System.ComponentModel.DataAnnotations;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Alerts;

/// <summary>Where alerts are sent. The camera's profile decides when one is raised.</summary>
public sealed class AlertOptions : IValidatableObject
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Alert";

    internal const string Mqtts = "mqtts";

    private const int ShortestSecret = 16;

    /// <summary>
    /// Service Bus topic that receives the alerts in addition to the queue; empty (default) for none. Needs the connection ServiceBus.
    /// </summary>
    public string Topic { get; set; } = "";

    /// <summary>
    /// Transport to the topic: "AmqpTcp" (default) is AMQP on port 5671; "AmqpWebSockets" is AMQP over WebSockets on port 443, for networks
    /// that block other outgoing ports.
    /// </summary>
    [EnumDataType(typeof(ServiceBusTransportType), ErrorMessage = "Alert__Transport takes AmqpTcp or AmqpWebSockets.")]
    public ServiceBusTransportType Transport { get; set; } = ServiceBusTransportType.AmqpTcp;

    /// <summary>
    /// Address that each event is posted to, in addition to the queue; empty (default) for none. Needs <see cref="WebhookSecret"/>. https,
    /// or http for this machine (localhost, 127.0.0.1, [::1]).
    /// </summary>
    public string Webhook { get; set; } = "";

    /// <summary>Key of the signatures of <see cref="Webhook"/>; at least 16 characters. Never logged.</summary>
    public string WebhookSecret { get; set; } = "";

    /// <summary>
    /// MQTT broker that each event is published to, in addition to the queue; empty (default) for none. "mqtts://host" (port 8883) or,
    /// without encryption, "mqtt://host" (port 1883).
    /// </summary>
    public string Mqtt { get; set; } = "";

    /// <summary>User name at <see cref="Mqtt"/>; empty (default) for none.</summary>
    public string MqttUser { get; set; } = "";

    /// <summary>Password of <see cref="MqttUser"/>. Never logged.</summary>
    public string MqttPassword { get; set; } = "";

    /// <summary>Topics at <see cref="Mqtt"/>, with the placeholders {camera}, {kind}, {severity}, {type} and {class}.</summary>
    [RegularExpression(
        Alerts.MqttTopic.Pattern,
        ErrorMessage = "Alert__MqttTopic takes a topic such as aaclip/alerts/{{camera}}, with the placeholders {{camera}}, {{kind}}, "
            + "{{severity}}, {{type}} and {{class}}, without wildcards."
    )]
    public string MqttTopic { get; set; } = "aaclip/alerts/{camera}";

    /// <summary>
    /// Base address of links to images, results and heatmaps, such as "https://account.blob.core.windows.net"; empty (default) for no
    /// links.
    /// </summary>
    [RegularExpression(
        "^(https?://[^?#]+)?$",
        ErrorMessage = "Alert__LinkBase takes an http or https address without query, such as "
            + "https://account.blob.core.windows.net, or nothing."
    )]
    public string LinkBase { get; set; } = "";

    /// <summary>CloudEvents source, a URI reference; default "/aaclip". Set it if several installations share a topic.</summary>
    [Required]
    [RegularExpression(@"^[A-Za-z0-9/:._~%-]+$", ErrorMessage = "Alert__Source takes a URI reference such as /plant1/aaclip.")]
    public string Source { get; set; } = "/aaclip";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // Values are left out of the messages: they may contain keys.
        if (
            Webhook.Length > 0
            && !IsAddress(Webhook, address => address.Scheme == "https" || address is { Scheme: "http", IsLoopback: true })
        )
            yield return new ValidationResult(
                "Alert__Webhook takes an https address without user name and fragment, such as https://plant.example/alerts; http only for "
                    + "this machine.",
                [nameof(Webhook)]
            );
        if (Webhook.Length > 0 && WebhookSecret.Length < ShortestSecret)
            yield return new ValidationResult(
                $"Alert__WebhookSecret takes at least {ShortestSecret} characters while Alert__Webhook is set: make one with 'openssl rand "
                    + "-hex 32', and give it to the receiver.",
                [nameof(WebhookSecret)]
            );
        if (Mqtt.Length > 0 && !IsAddress(Mqtt, address => address.Scheme is Mqtts or "mqtt" && address.PathAndQuery is "" or "/"))
            yield return new ValidationResult(
                "Alert__Mqtt takes mqtts://host:8883 or mqtt://host:1883, without a path; user and password are Alert__MqttUser and "
                    + "Alert__MqttPassword.",
                [nameof(Mqtt)]
            );
    }

    private static bool IsAddress(string text, Predicate<Uri> isAllowed) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address)
        && address is { Host.Length: > 0, UserInfo: "", Fragment: "" }
        && isAllowed(address);
}

/// <summary>Checks <see cref="AlertOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class AlertOptionsValidator : IValidateOptions<AlertOptions>;
