using System.Collections.Concurrent;
using System.Net;
using AaClip.Pipeline.Tests.Telemetry.Otlp;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Tests.Telemetry;

/// <summary>A collector on loopback: OTLP by gRPC and by HTTP with protobuf.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    public string GrpcAddress => _app.Urls.First();

    public string HttpAddress => _app.Urls.Last();

    /// <summary>Each span, with the service that sent it.</summary>
    public ConcurrentQueue<(string Service, Span Span)> Spans { get; } = [];

    /// <summary>Each metric.</summary>
    public ConcurrentQueue<Metric> Metrics { get; } = [];

    public static async Task<OtlpReceiver> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        OtlpReceiver? receiver = null;
        builder.Services.AddSingleton(_ => receiver!); // no call comes before it is made
        WebApplication app = builder.Build();
        receiver = new OtlpReceiver(app);
        app.MapGrpcService<Traces>();
        app.MapGrpcService<MetricPoints>();
        app.MapPost("/v1/traces", async context => receiver.Take(ExportTraceServiceRequest.Parser.ParseFrom(await ReadAsync(context))));
        app.MapPost("/v1/metrics", async context => receiver.Take(ExportMetricsServiceRequest.Parser.ParseFrom(await ReadAsync(context))));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task<ByteString> ReadAsync(HttpContext context)
    {
        Assert.Equal("application/x-protobuf", context.Request.ContentType);
        context.Response.ContentType = "application/x-protobuf";
        return await ByteString.FromStreamAsync(context.Request.Body, context.RequestAborted);
    }

    private void Take(ExportTraceServiceRequest request)
    {
        foreach (ResourceSpans resource in request.ResourceSpans)
        foreach (Span span in resource.ScopeSpans.SelectMany(scope => scope.Spans))
            Spans.Enqueue((resource.Resource.Attributes.First(a => a.Key == "service.name").Value.StringValue, span));
    }

    private void Take(ExportMetricsServiceRequest request)
    {
        foreach (Metric metric in request.ResourceMetrics.SelectMany(resource => resource.ScopeMetrics).SelectMany(scope => scope.Metrics))
            Metrics.Enqueue(metric);
    }

    private sealed class Traces(OtlpReceiver receiver) : TraceService.TraceServiceBase
    {
        public override Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context)
        {
            receiver.Take(request);
            return Task.FromResult(new ExportTraceServiceResponse());
        }
    }

    private sealed class MetricPoints(OtlpReceiver receiver) : MetricsService.MetricsServiceBase
    {
        public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
        {
            receiver.Take(request);
            return Task.FromResult(new ExportMetricsServiceResponse());
        }
    }
}
