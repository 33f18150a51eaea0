using System.ComponentModel.DataAnnotations;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Alerts;

/// <summary>Where alerts go. When a camera alerts is in its profile.</summary>
public sealed class AlertOptions
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Alert";

    /// <summary>
    /// Service Bus topic that gets the alerts besides the queue; empty, the default, for none. Needs the connection ServiceBus.
    /// </summary>
    public string Topic { get; set; } = "";

    /// <summary>
    /// How the topic is reached: "AmqpTcp", the default, is AMQP on port 5671; "AmqpWebSockets" is AMQP over WebSockets on port 443, for
    /// networks that let nothing else out.
    /// </summary>
    [EnumDataType(typeof(ServiceBusTransportType), ErrorMessage = "Alert__Transport takes AmqpTcp or AmqpWebSockets.")]
    public ServiceBusTransportType Transport { get; set; } = ServiceBusTransportType.AmqpTcp;

    /// <summary>
    /// What links to images, results and heatmaps begin with, such as "https://account.blob.core.windows.net"; empty, the default, for no
    /// links.
    /// </summary>
    [RegularExpression(
        "^(https?://[^?#]+)?$",
        ErrorMessage = "Alert__LinkBase takes an http or https address without query, such as "
            + "https://account.blob.core.windows.net, or nothing."
    )]
    public string LinkBase { get; set; } = "";

    /// <summary>CloudEvents source: tells installations apart that share a topic; default "/aaclip". A URI reference.</summary>
    [Required]
    [RegularExpression(@"^[A-Za-z0-9/:._~%-]+$", ErrorMessage = "Alert__Source takes a URI reference such as /plant1/aaclip.")]
    public string Source { get; set; } = "/aaclip";
}

/// <summary>Checks <see cref="AlertOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class AlertOptionsValidator : IValidateOptions<AlertOptions>;
