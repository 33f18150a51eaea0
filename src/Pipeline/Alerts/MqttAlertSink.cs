using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using AaClip.Pipeline.Resilience;
using Microsoft.Extensions.Options;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// An MQTT 5 broker that each event is published to, with quality of service 1: the broker acknowledges it, and may get it twice if its
/// acknowledgement is lost. One connection is kept, and made again when it is needed. Subscribers filter by the message's topic
/// (<see cref="MqttTopic"/>) and by its user properties: those of the Service Bus topic, and the event's id.
/// </summary>
internal sealed class MqttAlertSink : IAlertSink, IDisposable
{
    /// <summary>A subscriber that is away gets events that are younger; s.</summary>
    public const uint Expiry = 7 * 24 * 60 * 60;

    private readonly string _broker;
    private readonly string _pattern;
    private readonly TimeProvider _time;
    private readonly MqttClientOptions _options;
    private readonly SendRetry _retry;
    private readonly SemaphoreSlim _one = new(1, 1);
    private IMqttClient? _client;

    public MqttAlertSink(IOptions<AlertOptions> options, TimeProvider time)
    {
        Uri address = new(options.Value.Mqtt);
        _broker = $"{address.Scheme}://{address.Authority}";
        _pattern = options.Value.MqttTopic;
        _time = time;
        _retry = new SendRetry(time);
        MqttClientOptionsBuilder builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithClientId($"aaclip-{Guid.NewGuid():N}"[..23]) // every broker takes 23 characters
            .WithCleanStart()
            .WithTcpServer(address.IdnHost, address.IsDefaultPort ? null : address.Port)
            // Certificates are verified as HttpClient does it for the webhook.
            .WithTlsOptions(tls => tls.UseTls(address.Scheme == AlertOptions.Mqtts).WithRevocationMode(X509RevocationMode.NoCheck));
        if (options.Value.MqttUser.Length > 0)
            builder = builder.WithCredentials(options.Value.MqttUser, options.Value.MqttPassword);
        _options = builder.Build();
    }

    public string Name => "mqtt";

    public Task<IReadOnlyList<Reservation>> ReserveAsync(int events, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<Reservation>>([]);

    public async Task SendAsync(
        IReadOnlyList<AlertEvent> events,
        IReadOnlyList<Reservation> places,
        ICollection<string> accepted,
        CancellationToken cancellation
    )
    {
        foreach (AlertEvent alert in events)
        {
            MqttApplicationMessage message = Message(alert);
            await _retry.RunAsync(token => PublishAsync(alert.Envelope.Id, message, token), cancellation);
            accepted.Add(alert.Envelope.Id);
        }
    }

    public void Dispose()
    {
        _client?.Dispose();
        _one.Dispose();
    }

    private MqttApplicationMessage Message(AlertEvent alert)
    {
        MqttApplicationMessageBuilder message = new MqttApplicationMessageBuilder()
            .WithTopic(MqttTopic.Of(_pattern, alert))
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
            .WithPayload(alert.ToJson().ToArray())
            .WithPayloadFormatIndicator(MqttPayloadFormatIndicator.CharacterData)
            .WithContentType(AlertEvent.MediaType)
            .WithMessageExpiryInterval(Expiry)
            .WithUserProperty("id", Bytes(alert.Envelope.Id));
        foreach ((string name, object value) in alert.Properties)
            // Not null: no value is
            message = message.WithUserProperty(name, Bytes(Convert.ToString(value, CultureInfo.InvariantCulture)!));
        return message.Build();
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private async Task<SendAttempt> PublishAsync(string id, MqttApplicationMessage message, CancellationToken cancellation)
    {
        using CancellationTokenSource late = new(SendRetry.TryTime, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        IMqttClient? client = null;
        try
        {
            (client, SendAttempt? refused) = await ConnectAsync(either.Token);
            if (refused is not null)
                return refused;
            MqttClientPublishResult answer = await client!.PublishAsync(message, either.Token); // not null: nothing was refused
            if (answer.IsSuccess)
                return new SendAttempt(null);
            string told = Told(answer.ReasonCode.ToString(), answer.ReasonString);
            return new SendAttempt(
                new IOException($"The MQTT broker {_broker} refused the alert event '{id}' on the topic '{message.Topic}': {told}."),
                IsTransient((int)answer.ReasonCode)
            );
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            // The connection is at fault, also if another event's failure has just closed it: the client then throws errors of many types.
            Drop(client);
            string reason = e is OperationCanceledException ? $"no answer within {SendRetry.TryTime.TotalSeconds} s" : Fault.Text(e);
            return new SendAttempt(new IOException($"The MQTT broker {_broker} could not be reached: {reason}", e), Transient: true);
        }
        catch
        {
            Drop(client); // a packet may have been written in part
            throw;
        }
    }

    private async Task<(IMqttClient? Client, SendAttempt? Refused)> ConnectAsync(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (_client is { IsConnected: true } known)
                return (known, null);
            _client?.Dispose();
            _client = new MqttClientFactory().CreateMqttClient();
            MqttClientConnectResult answer = await _client.ConnectAsync(_options, cancellation);
            if (answer.ResultCode == MqttClientConnectResultCode.Success)
                return (_client, null);
            string told = Told(answer.ResultCode.ToString(), answer.ReasonString),
                advice = answer.ResultCode is MqttClientConnectResultCode.BadUserNameOrPassword or MqttClientConnectResultCode.NotAuthorized
                    ? " Check Alert__MqttUser and Alert__MqttPassword."
                    : "";
            IOException failure = new($"The MQTT broker {_broker} refused the connection: {told}.{advice}");
            return (null, new SendAttempt(failure, IsTransient((int)answer.ResultCode)));
        }
        finally
        {
            _one.Release();
        }
    }

    // The next attempt connects again.
    private void Drop(IMqttClient? client)
    {
        if (client is null)
            return;
        Interlocked.CompareExchange(ref _client, null, client);
        client.Dispose();
    }

    private static string Told(string code, string? reason) => string.IsNullOrEmpty(reason) ? code : $"{code} ({reason})";

    // Reason codes of MQTT 5: unspecified error, implementation specific error, server unavailable, server busy, quota exceeded, connection
    // rate exceeded.
    private static bool IsTransient(int code) => code is 0x80 or 0x83 or 0x88 or 0x89 or 0x97 or 0x9F;
}
