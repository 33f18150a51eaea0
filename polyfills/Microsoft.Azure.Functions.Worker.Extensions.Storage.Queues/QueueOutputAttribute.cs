using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Puts a result on a storage queue.</summary>
public sealed class QueueOutputAttribute(string queueName) : OutputBindingAttribute
{
    /// <summary>Name of the queue; may hold a %setting%.</summary>
    public string QueueName { get; } = queueName;

    /// <summary>Setting with the connection; AzureWebJobsStorage when null.</summary>
    public string? Connection { get; set; }
}
