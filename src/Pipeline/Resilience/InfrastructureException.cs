using System.Xml;
using Azure;
using Azure.Identity;
using Azure.Messaging.ServiceBus;

namespace AaClip.Pipeline.Resilience;

/// <summary>
/// An infrastructure fault: model, provider, storage, network or memory. The message is not the cause; it is retried without using a
/// delivery attempt, see <see cref="Infrastructure"/>.
/// </summary>
public sealed class InfrastructureException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>
    /// Whether an error is an infrastructure fault. Status 400, 413, 414 or 416 of storage is not: storage works, and will always reject
    /// this request, for example because of an invalid name.
    /// </summary>
    public static bool Is(Exception error) =>
        error switch
        {
            InfrastructureException => true,
            RequestFailedException refused => refused.Status is not (400 or 413 or 414 or 416),
            // All attempts of a storage client; an attempt that timed out is an OperationCanceledException.
            AggregateException many => many.InnerExceptions.Count > 0
                && many.InnerExceptions.All(tried => tried is OperationCanceledException || Is(tried)),
            IOException
            or TimeoutException
            or OutOfMemoryException
            or System.Net.Http.HttpRequestException
            or System.Net.Sockets.SocketException => true,
            ServiceBusException or AuthenticationFailedException => true,
            XmlException => true, // a truncated response of storage
            _ => false,
        };
}
