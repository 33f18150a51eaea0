using System.Collections.Concurrent;
using System.Net;
using System.Text;
using AaClip.LocalHost;
using AaClip.Pipeline.Alerts;
using Google.Protobuf;

namespace AaClip.EndToEnd.Tests;

/// <summary>
/// The exporter as it is deployed, against a collector on loopback that reads OTLP over HTTP (opentelemetry.io/docs/specs/otlp).
/// </summary>
public class Exporting_a_trace(AzuriteFixture azurite)
{
    private const string Cameras =
        """{ "schemaVersion": 1, "cameras": { "line1": { "class": "bottle", "threshold": 0.001, "mapThreshold": -1000 } } }""";

    [Fact]
    public async Task Sends_the_steps_of_an_image_to_the_collector_under_one_trace_id()
    {
        using Collector collector = new();
        await using Site site = await Site.OpenAsync(azurite, Cameras);
        FunctionHost worker = await site.StartWorkerAsync(
            settings: new Dictionary<string, string?>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            }
        );

        string etag = await site.DropAsync("line1/a.png", seed: 1);
        string traceparent = (await site.ResultAsync("line1/a.png", etag)).Traceparent!; // every result has one
        AlertEvent alert = Assert.Single(await site.AlertsAsync(1));
        await site.QuietAsync();
        await worker.StopAsync(TestContext.Current.CancellationToken); // sends what is left

        string trace = traceparent.Split('-')[1];
        Assert.Equal(trace, alert.Traceparent!.Split('-')[1]); // every alert has one
        Span[] steps = [.. collector.Spans.Where(s => s.Trace == trace && s.Name is "RouteUpload" or "ScoreImage" or "RaiseAlert")];
        Assert.Equal(["RaiseAlert", "RouteUpload", "ScoreImage"], steps.Select(s => s.Name).Order());
        Assert.Equal(steps.Single(s => s.Name == "RouteUpload").Id, steps.Single(s => s.Name == "ScoreImage").Parent);
        Assert.Equal(steps.Single(s => s.Name == "ScoreImage").Id, steps.Single(s => s.Name == "RaiseAlert").Parent);
        Assert.Contains("/v1/metrics", collector.Paths);
    }

    private sealed record Span(string Trace, string Id, string Parent, string Name);

    private sealed class Collector : IDisposable
    {
        private readonly HttpListener _listener;

        public Collector()
        {
            for (int port = 42100; ; port++)
            {
                Address = $"http://127.0.0.1:{port}";
                _listener = new HttpListener(); // one that could not start is closed
                _listener.Prefixes.Add(Address + "/");
                try
                {
                    _listener.Start();
                    break;
                }
                catch (HttpListenerException) when (port < 42200)
                {
                    // The port is in use: try the next one.
                }
            }

            _ = Task.Run(ListenAsync);
        }

        public string Address { get; }

        public ConcurrentQueue<Span> Spans { get; } = [];

        public ConcurrentBag<string> Paths { get; } = [];

        public void Dispose() => _listener.Close();

        private async Task ListenAsync()
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await _listener.GetContextAsync();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                using MemoryStream body = new();
                await context.Request.InputStream.CopyToAsync(body);
                string path = context.Request.Url!.AbsolutePath; // a request that arrived has one
                if (path == "/v1/traces")
                    foreach (byte[] resource in Fields(body.ToArray(), 1)) // ExportTraceServiceRequest.resource_spans
                    foreach (byte[] scope in Fields(resource, 2)) // ResourceSpans.scope_spans
                    foreach (byte[] span in Fields(scope, 2)) // ScopeSpans.spans
                    {
                        string name = Encoding.UTF8.GetString(Fields(span, 5).Single());
                        Spans.Enqueue(new Span(Hex(span, 1), Hex(span, 2), Hex(span, 4), name));
                    }

                Paths.Add(path);
                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();
            }
        }

        private static string Hex(byte[] message, int field) => Convert.ToHexStringLower(Fields(message, field).SingleOrDefault() ?? []);

        // The values of one field of length-delimited type.
        private static List<byte[]> Fields(byte[] message, int field)
        {
            List<byte[]> values = [];
            using CodedInputStream input = new(message);
            while (input.ReadTag() is > 0 and var tag)
                if (tag == (uint)(field << 3 | 2))
                    values.Add(input.ReadBytes().ToByteArray());
                else
                    input.SkipLastField();
            return values;
        }
    }
}
