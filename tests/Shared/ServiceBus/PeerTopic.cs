using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;

namespace AaClip.Tests.ServiceBus;

/// <summary>What a topic does with a transfer.</summary>
internal enum PeerAnswer
{
    /// <summary>Takes the messages and says so.</summary>
    Accept,

    /// <summary>Takes the messages, and cuts the connection instead of saying so.</summary>
    AcceptAndCut,

    /// <summary>Neither takes the messages nor says anything, until <see cref="PeerTopic.TakeHeld"/>.</summary>
    Hold,

    /// <summary>Refuses: the topic is disabled.</summary>
    Reject,

    /// <summary>Refuses for now: the namespace is throttled.</summary>
    Busy,
}

/// <summary>The topic of a <see cref="ServiceBusPeer"/>.</summary>
/// <param name="name">Its address.</param>
/// <param name="subscriptions">Each gets a copy of what is stored.</param>
/// <param name="cut">Cuts all connections.</param>
internal sealed class PeerTopic(string name, PeerSubscription[] subscriptions, Action cut) : IMessageProcessor
{
    private const uint BatchFormat = 0x80013700; // Service Bus: a data section for each message, which holds the whole message

    private readonly HashSet<string> _ids = [];
    private readonly ConcurrentQueue<Message> _stored = [];
    private readonly ConcurrentQueue<string[]> _transfers = [];
    private readonly ConcurrentQueue<MessageContext> _held = [];

    public string Name => name;

    /// <summary>Answers to the next transfers, in order; afterwards <see cref="Otherwise"/>.</summary>
    public ConcurrentQueue<PeerAnswer> Answers { get; } = [];

    /// <summary>Answer where none is listed.</summary>
    public PeerAnswer Otherwise { get; set; }

    /// <summary>Messages that were taken, each id once.</summary>
    public IReadOnlyList<Message> Stored => [.. _stored];

    /// <summary>Message ids of each transfer, answered or not.</summary>
    public IReadOnlyList<string[]> Transfers => [.. _transfers];

    public int Credit => 100;

    public void Process(MessageContext messageContext)
    {
        Message[] messages = Unpack(messageContext.Message);
        _transfers.Enqueue([.. messages.Select(m => m.Properties.MessageId)]);
        PeerAnswer answer = Answers.TryDequeue(out PeerAnswer listed) ? listed : Otherwise;
        if (answer is PeerAnswer.Accept or PeerAnswer.AcceptAndCut)
            Store(messages);
        switch (answer)
        {
            case PeerAnswer.Accept:
                messageContext.Complete();
                break;
            case PeerAnswer.AcceptAndCut:
                cut();
                break;
            case PeerAnswer.Reject:
                messageContext.Complete(Refusal("entity-disabled", "The topic is disabled."));
                break;
            case PeerAnswer.Busy:
                messageContext.Complete(Refusal("server-busy", "The namespace is throttled."));
                break;
            default:
                _held.Enqueue(messageContext);
                break;
        }
    }

    /// <summary>Takes what was held, and says so.</summary>
    public void TakeHeld()
    {
        while (_held.TryDequeue(out MessageContext? held))
        {
            Store(Unpack(held.Message));
            held.Complete();
        }
    }

    private static Error Refusal(string condition, string description) =>
        new(new Symbol("com.microsoft:" + condition)) { Description = description };

    private void Store(Message[] messages)
    {
        lock (_ids)
        {
            foreach (Message message in messages.Where(m => _ids.Add(m.Properties.MessageId)))
            {
                _stored.Enqueue(message);
                foreach (PeerSubscription subscription in subscriptions)
                    subscription.Add(message);
            }
        }
    }

    private static Message[] Unpack(Message transfer) =>
        transfer.Format != BatchFormat
            ? [transfer]
            : transfer.BodySection switch
            {
                DataList list => [.. Enumerable.Range(0, list.Count).Select(i => Decode(list[i].Binary))],
                Data data => [Decode(data.Binary)],
                _ => throw new InvalidOperationException(
                    $"A batch holds a {transfer.BodySection?.GetType().Name}, expected data sections."
                ),
            };

    private static Message Decode(byte[] encoded) => Message.Decode(new ByteBuffer(encoded, 0, encoded.Length, encoded.Length));
}
