namespace Azure.Messaging.ServiceBus;

/// <summary>A message to send.</summary>
public class ServiceBusMessage
{
    /// <summary>An empty message.</summary>
    public ServiceBusMessage()
        : this(default(ReadOnlyMemory<byte>))
    {
    }

    /// <summary>A message of UTF-8 text.</summary>
    public ServiceBusMessage(string body)
        : this(BinaryData.FromString(body))
    {
    }

    /// <summary>A message of bytes.</summary>
    public ServiceBusMessage(ReadOnlyMemory<byte> body)
        : this(BinaryData.FromBytes(body))
    {
    }

    /// <summary>A message of bytes.</summary>
    public ServiceBusMessage(BinaryData body)
    {
        ArgumentNullException.ThrowIfNull(body);
        Body = body;
    }

    /// <summary>The payload.</summary>
    public BinaryData Body { get; set; }

    /// <summary>Identity of the message; duplicate detection goes by it. At most 128 characters.</summary>
    public string MessageId { get; set; }

    /// <summary>Keeps messages together on a partitioned entity.</summary>
    public string PartitionKey { get; set; }

    /// <summary>Session of the message.</summary>
    public string SessionId { get; set; }

    /// <summary>Session to answer to.</summary>
    public string ReplyToSessionId { get; set; }

    /// <summary>How long the message is kept; as long as the entity allows by default.</summary>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.MaxValue;

    /// <summary>Ties messages together.</summary>
    public string CorrelationId { get; set; }

    /// <summary>What the message is about.</summary>
    public string Subject { get; set; }

    /// <summary>Where it is meant to go.</summary>
    public string To { get; set; }

    /// <summary>Type of the payload, such as "application/json".</summary>
    public string ContentType { get; set; }

    /// <summary>Where to answer.</summary>
    public string ReplyTo { get; set; }

    /// <summary>Not visible before this; now by default.</summary>
    public DateTimeOffset ScheduledEnqueueTime { get; set; }

    /// <summary>Properties that subscription filters can see: strings, numbers, booleans, times.</summary>
    public IDictionary<string, object> ApplicationProperties { get; } = new Dictionary<string, object>();

    /// <summary>The identity.</summary>
    public override string ToString() => $"{{MessageId:{MessageId}}}";
}
