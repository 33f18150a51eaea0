using System.Text;
using System.Text.Json;
using Azure.Storage.Queues.Models;

namespace AaClip.LocalHost.Queues;

/// <summary>Makes a parameter's value of a queue message, as the isolated worker does.</summary>
internal static class MessageBinding
{
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    /// <param name="type">string, byte[], <see cref="BinaryData"/>, <see cref="QueueMessage"/>, or a type that JSON makes.</param>
    /// <exception cref="InvalidDataException">The message is not what the type or the encoding asks for.</exception>
    public static object Bind(QueueMessage message, Type type, bool base64, JsonSerializerOptions json)
    {
        if (type == typeof(QueueMessage))
            return message;
        byte[] body = Decode(message, base64);
        if (type == typeof(byte[]))
            return body;
        if (type == typeof(BinaryData))
            return BinaryData.FromBytes(body);
        string text = Text(message, body);
        if (type == typeof(string))
            return text;
        try
        {
            return JsonSerializer.Deserialize(text, type, json)
                ?? throw new InvalidDataException($"Message {message.MessageId} is JSON null, expected a {type.Name}.");
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"Message {message.MessageId} cannot be read as {type.Name}: {broken.Message}", broken);
        }
    }

    /// <summary>Values that parameters of these names receive.</summary>
    public static Dictionary<string, object?> Metadata(QueueMessage message) => new(StringComparer.OrdinalIgnoreCase)
    {
        ["Id"] = message.MessageId,
        ["DequeueCount"] = message.DequeueCount,
        ["InsertionTime"] = message.InsertedOn,
        ["ExpirationTime"] = message.ExpiresOn,
        ["NextVisibleTime"] = message.NextVisibleOn,
        ["PopReceipt"] = message.PopReceipt,
    };

    private static byte[] Decode(QueueMessage message, bool base64)
    {
        if (!base64)
            return message.Body.ToArray();
        try
        {
            return Convert.FromBase64String(message.Body.ToString());
        }
        catch (FormatException broken)
        {
            throw new InvalidDataException($"Message {message.MessageId} is not Base64: send it so, or set extensions.queues.messageEncoding to \"none\" in host.json.", broken);
        }
    }

    private static string Text(QueueMessage message, byte[] body)
    {
        try
        {
            return Utf8.GetString(body);
        }
        catch (DecoderFallbackException broken)
        {
            throw new InvalidDataException($"Message {message.MessageId} is not UTF-8 text.", broken);
        }
    }
}
