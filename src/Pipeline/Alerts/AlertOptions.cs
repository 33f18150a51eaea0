using System.ComponentModel.DataAnnotations;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Alerts;

/// <summary>Where alerts are sent. The camera's profile decides when one is raised.</summary>
public sealed class AlertOptions
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Alert";

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
}

/// <summary>Checks <see cref="AlertOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class AlertOptionsValidator : IValidateOptions<AlertOptions>;
