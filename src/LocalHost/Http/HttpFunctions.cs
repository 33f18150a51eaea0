using System.Diagnostics;
using System.Net;
using AaClip.LocalHost.Triggers;
using AaClip.LocalHost.Worker;
using AaClip.LocalHost.Worker.Rpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace AaClip.LocalHost.Http;

/// <summary>
/// Routes of the HTTP functions. As in the Functions host with ASP.NET Core integration, the request is forwarded to the worker's web
/// server, and the invocation is sent over the gRPC stream. The header <c>x-ms-invocation-id</c> links the two. Function keys are not
/// checked, because only this machine can call.
/// </summary>
internal sealed partial class HttpFunctions(FunctionWorker worker, IHttpForwarder forwarder, ILogger<HttpFunctions> logger) : IDisposable
{
    private const string InvocationHeader = "x-ms-invocation-id";
    private static readonly TimeSpan WorkerPatience = TimeSpan.FromSeconds(30);

    private readonly HttpMessageInvoker _client = new(
        new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(15),
        }
    );
    private readonly CancellationTokenSource _running = new();

    /// <summary>Maps the HTTP functions of an app to routes.</summary>
    /// <param name="prefix">extensions.http.routePrefix of host.json.</param>
    public void Map(IEndpointRouteBuilder routes, FunctionApp app, string prefix)
    {
        foreach (
            FunctionDefinition function in app.Functions.Where(function =>
                function.Trigger.Type.Equals("httpTrigger", StringComparison.OrdinalIgnoreCase)
            )
        )
        {
            string route = $"{prefix.Trim('/')}/{(function.Trigger.Text("route") ?? function.Name).TrimStart('/')}".TrimStart('/');
            string[] methods = [.. function.Trigger.Texts("methods").Select(method => method.ToUpperInvariant())];
            IEndpointConventionBuilder endpoint =
                methods.Length > 0 ? routes.MapMethods(route, methods, Handle) : routes.Map(route, Handle);
            endpoint.WithDisplayName(function.Name);

            Task Handle(HttpContext context) => HandleAsync(function, context);
        }
    }

    /// <summary>Cancels all running requests.</summary>
    public void Cancel() => _running.Cancel();

    public void Dispose()
    {
        _client.Dispose();
        _running.Dispose();
    }

    private async Task HandleAsync(FunctionDefinition function, HttpContext context)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _running.Token);
        string address;
        try
        {
            address = await worker.HttpAddressAsync(either.Token).WaitAsync(WorkerPatience, either.Token);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable; // no worker is running
            return;
        }

        // Do not await here: the invocation waits for the request, and the request waits for the invocation.
        InvocationRequest request = Request(function, context);
        Task<string?> run = RunAsync(function, request, either.Token);
        ForwarderError error = await forwarder.SendAsync(
            context,
            address,
            _client,
            ForwarderRequestConfig.Empty,
            new Pairing(request.InvocationId, run),
            either.Token
        );
        if (error is not ForwarderError.None)
            Log.NotForwarded(
                logger,
                function.Name,
                error,
                context.Features.Get<IForwarderErrorFeature>()?.Exception?.Message ?? "no reason given"
            );
    }

    // The worker binds route values to parameters of the same name.
    private static InvocationRequest Request(FunctionDefinition function, HttpContext context)
    {
        InvocationRequest request = TriggerRunner.Request(function, Guid.NewGuid().ToString());
        request.InputData.Add(
            new ParameterBinding
            {
                Name = function.Trigger.Name,
                Data = new TypedData { Http = new RpcHttp { Method = context.Request.Method } },
            }
        );
        foreach ((string name, object? value) in context.Request.RouteValues)
            if (value?.ToString() is { } text)
                request.TriggerMetadata[name] = new TypedData { String = text };
        return request;
    }

    /// <returns>Null after success, otherwise the reason of the failure.</returns>
    private async Task<string?> RunAsync(FunctionDefinition function, InvocationRequest request, CancellationToken cancellation)
    {
        try
        {
            InvocationResponse response = await worker.InvokeAsync(request, cancellation);
            if (response.Result.Status == StatusResult.Types.Status.Success)
                return null;
            string reason = response.Result.Exception?.Message ?? "it gives no reason";
            if (response.Result.Status != StatusResult.Types.Status.Cancelled)
                Log.Failed(logger, function.Name, reason);
            return reason;
        }
        catch (Exception e) when (e is WorkerEndedException or OperationCanceledException)
        {
            return e.Message;
        }
    }

    /// <summary>
    /// Adds the invocation header. Answers 500 when the function threw, because the worker's web server would send an empty 200.
    /// </summary>
    private sealed class Pairing(string invocation, Task<string?> run) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext,
            HttpRequestMessage proxyRequest,
            string destinationPrefix,
            CancellationToken cancellationToken
        )
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.Headers.Remove(InvocationHeader);
            proxyRequest.Headers.Add(InvocationHeader, invocation);
            proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-Host", httpContext.Request.Host.Value);
        }

        public override async ValueTask<bool> TransformResponseAsync(
            HttpContext httpContext,
            HttpResponseMessage? proxyResponse,
            CancellationToken cancellationToken
        )
        {
            if (proxyResponse is { StatusCode: HttpStatusCode.OK, Content.Headers.ContentLength: 0 } && await run is not null)
            {
                httpContext.Response.StatusCode = StatusCodes.Status500InternalServerError;
                return false;
            }

            return await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "HTTP function {Function} failed: {Reason}")]
        public static partial void Failed(ILogger logger, string function, string reason);

        [LoggerMessage(2, LogLevel.Warning, "A request to HTTP function {Function} could not be forwarded: {Error}, {Reason}")]
        public static partial void NotForwarded(ILogger logger, string function, ForwarderError error, string reason);
    }
}
