using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>AMQP over WebSockets on loopback, as a namespace offers it: carries the bytes to a peer that speaks AMQP over TCP.</summary>
internal sealed class WebSocketBridge : IAsyncDisposable
{
    private readonly WebApplication _server;
    private int _connections;

    private WebSocketBridge(WebApplication server) => _server = server;

    public int Port => new Uri(_server.Urls.First()).Port; // started before it is handed out

    /// <summary>WebSockets that were opened at the address of Service Bus.</summary>
    public int Connections => _connections;

    public static async Task<WebSocketBridge> StartAsync(int peer, CancellationToken cancellation)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebSocketBridge bridge = new(builder.Build());
        bridge._server.UseWebSockets();
        bridge._server.Run(context => bridge.CarryAsync(context, peer));
        await bridge._server.StartAsync(cancellation);
        return bridge;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task CarryAsync(HttpContext context, int peer)
    {
        if (!context.WebSockets.IsWebSocketRequest || context.Request.Path != "/$servicebus/websocket/")
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        Interlocked.Increment(ref _connections);
        using WebSocket webSocket = await context.WebSockets.AcceptWebSocketAsync("amqp");
        using TcpClient tcp = new();
        await tcp.ConnectAsync(IPAddress.Loopback, peer, context.RequestAborted);
        await using NetworkStream there = tcp.GetStream();
        await using WebSocketStream here = WebSocketStream.Create(webSocket, WebSocketMessageType.Binary);
        await Task.WhenAny(here.CopyToAsync(there, context.RequestAborted), there.CopyToAsync(here, context.RequestAborted));
    }
}
