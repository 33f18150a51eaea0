using System.Collections.Concurrent;
using System.Threading.Channels;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;

namespace AaClip.Tests.ServiceBus;

/// <summary>
/// A subscription of a <see cref="ServiceBusPeer"/>, read with locks: what is abandoned, or in the hands of a client that goes away, comes
/// again, and is a dead letter after ten deliveries.
/// </summary>
internal sealed class PeerSubscription(string address) : IMessageSource
{
    private const int MaxDeliveries = 10;

    private static readonly TimeSpan Lock = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LookForDrain = TimeSpan.FromMilliseconds(50);

    private readonly Channel<(Message Message, uint Failed)> _waiting = Channel.CreateUnbounded<(Message, uint)>();
    private readonly ConcurrentQueue<string> _completed = [],
        _abandoned = [],
        _deadLettered = [];
    private int _sequence;

    public string Address => address;

    /// <summary>Message ids that were completed, in order.</summary>
    public IReadOnlyList<string> Completed => [.. _completed];

    /// <summary>Message ids that were abandoned, in order, each time.</summary>
    public IReadOnlyList<string> Abandoned => [.. _abandoned];

    /// <summary>Message ids that were refused for good.</summary>
    public IReadOnlyList<string> DeadLettered => [.. _deadLettered];

    public void Add(Message message) => _waiting.Writer.TryWrite((message, 0));

    public async Task<ReceiveContext> GetMessageAsync(ListenerLink link)
    {
        while (!link.IsDraining && !link.IsClosed)
        {
            using CancellationTokenSource look = new(LookForDrain);
            try
            {
                (Message message, uint failed) = await _waiting.Reader.ReadAsync(look.Token);
                Message copy = new()
                {
                    Header = new Header { DeliveryCount = failed },
                    MessageAnnotations = new MessageAnnotations
                    {
                        Map =
                        {
                            [new Symbol("x-opt-sequence-number")] = (long)Interlocked.Increment(ref _sequence),
                            [new Symbol("x-opt-locked-until")] = TimeProvider.System.GetUtcNow().UtcDateTime + Lock,
                        },
                    },
                    Properties = message.Properties,
                    ApplicationProperties = message.ApplicationProperties,
                    BodySection = message.BodySection,
                };
                return new ReceiveContext(link, copy) { UserToken = (message, failed) };
            }
            catch (OperationCanceledException)
            {
                // Nothing came: see whether the client still wants something.
            }
        }

        return null!; // what the listener expects where there is nothing
    }

    public void DisposeMessage(ReceiveContext receiveContext, DispositionContext dispositionContext)
    {
        (Message message, uint failed) = ((Message, uint))receiveContext.UserToken;
        switch (dispositionContext.DeliveryState)
        {
            case Accepted:
                _completed.Enqueue(message.Properties.MessageId);
                break;
            case Rejected:
                _deadLettered.Enqueue(message.Properties.MessageId);
                break;
            case Modified:
                _abandoned.Enqueue(message.Properties.MessageId);
                Return(message, failed + 1);
                break;
            default:
                Return(message, failed + 1);
                break; // its reader went away
        }

        dispositionContext.Complete();
    }

    private void Return(Message message, uint failed)
    {
        if (failed < MaxDeliveries)
            _waiting.Writer.TryWrite((message, failed));
        else
            _deadLettered.Enqueue(message.Properties.MessageId);
    }
}
