using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Azure.Messaging.ServiceBus;

/// <summary>Messages as the service's HTTP operations write them. Text is ASCII: everything else is escaped, as headers need.</summary>
internal static class MessageJson
{
    /// <summary>What the standard tier takes at once, 256 KiB.</summary>
    public const long MaxBytes = 256 * 1024;

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Body of a batch: an array of messages.</summary>
    /// <exception cref="NotSupportedException">A payload is not text, or a property has a type that cannot be sent.</exception>
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<ServiceBusMessage> messages)
    {
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter writer = new(buffer);
        writer.WriteStartArray();
        foreach (ServiceBusMessage message in messages)
        {
            writer.WriteStartObject();
            writer.WriteString("Body", Text(message.Body));
            writer.WritePropertyName("BrokerProperties");
            WriteBrokerProperties(writer, message, inBatch: true);
            if (message.ApplicationProperties.Count > 0)
            {
                writer.WriteStartObject("UserProperties");
                foreach ((string name, object value) in message.ApplicationProperties)
                {
                    writer.WritePropertyName(name);
                    writer.WriteRawValue(Value(name, value));
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>Header BrokerProperties of a single message.</summary>
    public static string BrokerProperties(ServiceBusMessage message)
    {
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter writer = new(buffer);
        WriteBrokerProperties(writer, message, inBatch: false);
        writer.Flush();
        return Encoding.ASCII.GetString(buffer.WrittenSpan);
    }

    /// <summary>An application property as JSON: in a header as well, where quotes tell text from numbers.</summary>
    public static string Value(string name, object value) => value switch
    {
        null => "null",
        string or Guid or char or Uri => JsonSerializer.Serialize(value.ToString()),
        bool or byte or sbyte or short or ushort or int or uint or long or ulong or float or double or decimal => JsonSerializer.Serialize(value, value.GetType()),
        DateTimeOffset time => JsonSerializer.Serialize(time.ToString("R", CultureInfo.InvariantCulture)),
        DateTime time => JsonSerializer.Serialize(time.ToUniversalTime().ToString("R", CultureInfo.InvariantCulture)),
        _ => throw new NotSupportedException($"Application property '{name}' is a {value.GetType()}: send text, a number, a boolean or a time."),
    };

    private static void WriteBrokerProperties(Utf8JsonWriter writer, ServiceBusMessage message, bool inBatch)
    {
        writer.WriteStartObject();
        Add("MessageId", message.MessageId);
        Add("Label", message.Subject); // the operation keeps the property's older name
        Add("CorrelationId", message.CorrelationId);
        Add("SessionId", message.SessionId);
        Add("ReplyToSessionId", message.ReplyToSessionId);
        Add("PartitionKey", message.PartitionKey);
        Add("To", message.To);
        Add("ReplyTo", message.ReplyTo);
        if (inBatch)
            Add("ContentType", message.ContentType); // a single message has it in the header of that name
        if (message.ScheduledEnqueueTime != default)
            Add("ScheduledEnqueueTimeUtc", message.ScheduledEnqueueTime.ToString("R", CultureInfo.InvariantCulture));
        if (message.TimeToLive != TimeSpan.MaxValue && inBatch)
            Add("TimeToLiveTimeSpan", message.TimeToLive.ToString("c", CultureInfo.InvariantCulture));
        else if (message.TimeToLive != TimeSpan.MaxValue)
            writer.WriteNumber("TimeToLive", message.TimeToLive.TotalSeconds);
        writer.WriteEndObject();

        void Add(string name, string value)
        {
            if (value is not null)
                writer.WriteString(name, value);
        }
    }

    private static string Text(BinaryData body)
    {
        try
        {
            return Utf8.GetString(body.ToMemory().Span);
        }
        catch (DecoderFallbackException)
        {
            throw new NotSupportedException("A message of a batch is not UTF-8 text: send it by itself.");
        }
    }
}
