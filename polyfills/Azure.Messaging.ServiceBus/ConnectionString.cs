using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Azure.Messaging.ServiceBus;

/// <summary>A connection string, and the tokens made with its key.</summary>
internal sealed class ConnectionString
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    private readonly string _keyName;
    private readonly byte[] _key;
    private readonly string _signature;

    private ConnectionString(Uri endpoint, string keyName, string key, string signature)
    {
        Endpoint = endpoint;
        _keyName = keyName;
        _key = Encoding.UTF8.GetBytes(key ?? "");
        _signature = signature;
    }

    /// <summary>https://NAME/, or http:// for a development emulator on this machine.</summary>
    public Uri Endpoint { get; }

    public static ConnectionString Parse(string text)
    {
        DbConnectionStringBuilder parts = [];
        try
        {
            parts.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            throw new FormatException("The Service Bus connection string is not a list of Name=Value parts with semicolons between them.");
        }

        string Part(string name) => parts.TryGetValue(name, out object value) ? (string)value : null;
        if (!Uri.TryCreate(Part("Endpoint"), UriKind.Absolute, out Uri endpoint))
            throw new FormatException("The Service Bus connection string has no Endpoint: it starts with Endpoint=sb://NAME.servicebus.windows.net/.");
        string signature = Part("SharedAccessSignature");
        if (signature is null && (Part("SharedAccessKeyName") is null || Part("SharedAccessKey") is null))
            throw new FormatException("The Service Bus connection string has neither SharedAccessKeyName and SharedAccessKey nor a SharedAccessSignature.");
        bool emulator = bool.TryParse(Part("UseDevelopmentEmulator"), out bool flag) && flag;
        if (emulator && !endpoint.IsLoopback)
            throw new FormatException($"UseDevelopmentEmulator=true is for an endpoint on this machine, and '{endpoint.Host}' is not: leave the flag out.");

        UriBuilder address = new(emulator ? Uri.UriSchemeHttp : Uri.UriSchemeHttps, endpoint.Host, endpoint.Port);
        return new ConnectionString(address.Uri, Part("SharedAccessKeyName"), Part("SharedAccessKey"), signature);
    }

    /// <summary>The Authorization header for an address.</summary>
    public ValueTask<string> Authorize(Uri resource, CancellationToken cancellation) => ValueTask.FromResult(_signature ?? Sign(resource));

    private string Sign(Uri resource)
    {
        string audience = WebUtility.UrlEncode(resource.GetLeftPart(UriPartial.Path).ToLowerInvariant());
        string expiry = TimeProvider.System.GetUtcNow().Add(Lifetime).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signature = HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{audience}\n{expiry}"));
        return $"SharedAccessSignature sr={audience}&sig={WebUtility.UrlEncode(Convert.ToBase64String(signature))}&se={expiry}&skn={WebUtility.UrlEncode(_keyName)}";
    }
}
