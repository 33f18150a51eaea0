using System.Xml;
using Azure;
using Azure.Identity;
using Azure.Messaging.ServiceBus;

namespace AaClip.Pipeline.Resilience;

/// <summary>
/// A fault of the infrastructure: model, provider, storage, network, memory. It says nothing about the message at hand, which is tried
/// again without spending one of its attempts: see <see cref="Infrastructure"/>.
/// </summary>
public sealed class InfrastructureException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>
    /// Whether an error is a fault of the infrastructure. A 400, 413, 414 or 416 of storage is not: storage works, and refuses this request
    /// for good, such as for a name that it does not take.
    /// </summary>
    public static bool Is(Exception error) =>
        error switch
        {
            InfrastructureException => true,
            RequestFailedException refused => refused.Status is not (400 or 413 or 414 or 416),
            // All tries of a storage client; one that got no answer in time is a cancellation within.
            AggregateException many => many.InnerExceptions.Count > 0
                && many.InnerExceptions.All(tried => tried is OperationCanceledException || Is(tried)),
            IOException
            or TimeoutException
            or OutOfMemoryException
            or System.Net.Http.HttpRequestException
            or System.Net.Sockets.SocketException => true,
            ServiceBusException or AuthenticationFailedException => true,
            XmlException => true, // an answer of storage that was cut off
            _ => false,
        };
}
