using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using MQTTnet;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>A broker on loopback, which can be down and come back at the same port.</summary>
internal sealed class MqttBroker : IAsyncDisposable
{
    private readonly ConcurrentQueue<MqttApplicationMessage> _published = new();
    private readonly int _port = FreePort();
    private readonly bool _tls;
    private MqttServer? _server;
    private int _connections;

    private MqttBroker(bool tls) => _tls = tls;

    public string Address => $"{(_tls ? "mqtts" : "mqtt")}://localhost:{_port}";

    /// <summary>Messages that were published, in their order, also those that the broker refused.</summary>
    public MqttApplicationMessage[] Published => [.. _published];

    public string[] Ids => [.. _published.Select(Id)];

    /// <summary>Clients that the broker has let in.</summary>
    public int Connections => _connections;

    /// <summary>The only password that the broker lets in; null for anybody.</summary>
    public string? Password { get; init; }

    /// <summary>Answers to messages in their order; then success.</summary>
    public ConcurrentQueue<MqttPubAckReasonCode> Answers { get; } = new();

    /// <summary>Keeps the broker from answering a message; completed at first.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public static async Task<MqttBroker> StartAsync(bool tls = false, string? password = null)
    {
        MqttBroker broker = new(tls) { Password = password };
        await broker.ComeBackAsync();
        return broker;
    }

    public static string Id(MqttApplicationMessage message) => Property(message, "id");

    public static string Property(MqttApplicationMessage message, string name) =>
        System.Text.Encoding.UTF8.GetString(Assert.Single(message.UserProperties, p => p.Name == name).ValueBuffer.Span);

    public async Task ComeBackAsync()
    {
        MqttServerFactory factory = new();
        MqttServerOptionsBuilder options = factory.CreateServerOptionsBuilder();
        options = _tls
            ? options
                .WithoutDefaultEndpoint()
                .WithEncryptedEndpoint()
                .WithEncryptedEndpointPort(_port)
                .WithEncryptedEndpointBoundIPAddress(IPAddress.Loopback)
                .WithEncryptedEndpointBoundIPV6Address(IPAddress.None)
                .WithEncryptionCertificate(SelfSigned.Certificate())
            : options
                .WithDefaultEndpoint()
                .WithDefaultEndpointPort(_port)
                .WithDefaultEndpointBoundIPAddress(IPAddress.Loopback)
                .WithDefaultEndpointBoundIPV6Address(IPAddress.None);
        MqttServer server = factory.CreateMqttServer(options.Build());
        server.ValidatingConnectionAsync += connecting =>
        {
            if (Password is not null && connecting.Password != Password)
                connecting.ReasonCode = MqttConnectReasonCode.BadUserNameOrPassword;
            else
                Interlocked.Increment(ref _connections);
            return Task.CompletedTask;
        };
        server.InterceptingPublishAsync += async publishing =>
        {
            _published.Enqueue(publishing.ApplicationMessage);
            if (Answers.TryDequeue(out MqttPubAckReasonCode code))
                (publishing.Response.ReasonCode, publishing.ProcessPublish) = (code, false);
            await Gate;
        };
        await server.StartAsync();
        _server = server;
    }

    public async Task GoAwayAsync()
    {
        if (_server is { } server)
        {
            await server.StopAsync(new MqttServerStopOptions());
            server.Dispose();
        }

        _server = null;
    }

    public async ValueTask DisposeAsync() => await GoAwayAsync();

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
