using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Amqp;
using Amqp.Framing;
using Amqp.Handler;
using Amqp.Listener;
using Amqp.Sasl;
using Amqp.Types;

namespace AaClip.Tests.ServiceBus;

/// <summary>
/// What Azure.Messaging.ServiceBus takes for a namespace with one topic: an AMQP 1.0 peer on loopback, reached without TLS by
/// <see cref="ConnectionString"/>. It takes every token, accepts batches, drops message ids that it has seen (as a topic with duplicate
/// detection does), and gives every subscription its own copy. How it answers is up to the test: <see cref="PeerTopic"/>. Every entity
/// that was not named is absent.
/// </summary>
internal sealed class ServiceBusPeer : IDisposable, ILinkProcessor, IHandler
{
    // What a namespace of the Standard tier says.
    private const ulong MaxMessageSize = 256 * 1024;
    private const int SendCredit = 100;

    private readonly ConcurrentBag<Socket> _sockets = [];
    private readonly ContainerHost _host;
    private volatile bool _away;
    private int _linksLeft,
        _turnedAway;

    /// <summary>Listens at once.</summary>
    /// <param name="topic">Name of the topic.</param>
    /// <param name="subscriptions">Names of its subscriptions.</param>
    public ServiceBusPeer(string topic, params string[] subscriptions)
    {
        Subscriptions = subscriptions.ToDictionary(name => name, name => new PeerSubscription($"{topic}/Subscriptions/{name}"));
        Topic = new PeerTopic(topic, [.. Subscriptions.Values], Cut);
        Port = FreePort();
        _host = new ContainerHost([$"amqp://127.0.0.1:{Port}"]);
        ConnectionListener listener = _host.Listeners[0];
        listener.HandlerFactory = _ => this;
        listener.SASL.EnableAnonymousMechanism = true;
        listener.SASL.EnableMechanism(new Symbol("MSSBCBS"), SaslProfile.Anonymous);
        _host.RegisterRequestProcessor("$cbs", new PeerTokens());
        _host.RegisterLinkProcessor(this);
        _host.Open();
    }

    /// <summary>The topic.</summary>
    public PeerTopic Topic { get; }

    /// <summary>Its subscriptions by name.</summary>
    public IReadOnlyDictionary<string, PeerSubscription> Subscriptions { get; }

    /// <summary>Its port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>How the client reaches it; the key is anything.</summary>
    public string ConnectionString => At(Port);

    /// <summary>Leaves links unanswered, as a broker that hangs.</summary>
    public bool Hangs { get; set; }

    /// <summary>Links that were left unanswered.</summary>
    public int LinksLeft => _linksLeft;

    /// <summary>Connections that were turned away, because the peer was.</summary>
    public int TurnedAway => _turnedAway;

    /// <summary>The connection string for what forwards to this peer from another port of 127.0.0.1.</summary>
    public static string At(int port) =>
        $"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=any;SharedAccessKey=YW55;UseDevelopmentEmulator=true;";

    /// <summary>Goes away: connections are cut, and new ones as soon as they are made.</summary>
    public void GoAway()
    {
        _away = true;
        Cut();
    }

    /// <summary>Is there again.</summary>
    public void ComeBack() => _away = false;

    /// <summary>Cuts the connections without a word.</summary>
    public void Cut()
    {
        while (_sockets.TryTake(out Socket? socket))
            socket.Dispose();
    }

    public void Dispose()
    {
        Cut();
        _host.Close();
    }

    void ILinkProcessor.Process(AttachContext attach)
    {
        if (Hangs)
        {
            Interlocked.Increment(ref _linksLeft);
            return;
        }

        bool sends = attach.Link.Role; // the client does; the peer's role is the receiver's
        string address = (sends ? ((Target)attach.Attach.Target).Address : ((Source)attach.Attach.Source).Address).TrimStart('/');
        PeerSubscription? subscription = Subscriptions.Values.FirstOrDefault(s => s.Address == address);
        attach.Attach.MaxMessageSize = MaxMessageSize;
        if (sends && address == Topic.Name)
            attach.Complete(new TargetLinkEndpoint(Topic, attach.Link), SendCredit);
        else if (!sends && subscription is not null)
            attach.Complete(new SourceLinkEndpoint(subscription, attach.Link), 0);
        else
            attach.Complete(new Error(ErrorCode.NotFound) { Description = $"There is no '{address}'." });
    }

    bool IHandler.CanHandle(EventId id) => id is EventId.SocketAccept or EventId.SendDelivery;

    void IHandler.Handle(Event protocolEvent)
    {
        if (protocolEvent.Context is Socket socket)
        {
            _sockets.Add(socket);
            if (_away)
            {
                Interlocked.Increment(ref _turnedAway);
                Cut();
            }
        }
        else if (protocolEvent.Context is IDelivery delivery)
            delivery.Tag = Guid.NewGuid().ToByteArray(); // a tag of 16 bytes is the lock token
    }

    private static int FreePort()
    {
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
