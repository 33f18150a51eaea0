using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Telemetry;
using AaClip.Pipeline.Tests.Telemetry.Otlp;
using Azure.Core.Pipeline;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MeterProvider = OpenTelemetry.Metrics.MeterProvider;
using Metrics = AaClip.Pipeline.Telemetry.Metrics;

namespace AaClip.Pipeline.Tests.Telemetry;

/// <summary>The real exporters, against what they send to: a collector and an ingestion endpoint on loopback.</summary>
[Collection("Telemetry")]
public sealed class TelemetryServicesTests
{
    private const string Endpoint = TelemetryServices.EndpointSetting;
    private const string Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
    private const string Connection = AzureMonitor.ConnectionSetting;
    private const string Authentication = AzureMonitor.AuthenticationSetting;

    private readonly string _word = Guid.NewGuid().ToString("N"); // source and meter are one for the process: this test's carry it
    private readonly ConcurrentQueue<string> _log = [];

    // Figures of the exporter about itself go to Microsoft, and what machine it is asked of the platform: both would leave loopback.
    static TelemetryServicesTests()
    {
        Environment.SetEnvironmentVariable("APPLICATIONINSIGHTS_STATSBEAT_DISABLED", "true");
        Environment.SetEnvironmentVariable("APPLICATIONINSIGHTS_SDKSTATS_DISABLED", "true");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task Spans_and_metrics_arrive_by_OTLP(string protocol)
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        string address = protocol == "grpc" ? collector.GrpcAddress : collector.HttpAddress;

        string trace = await RunAsync([new(Endpoint, address), new(Protocol, protocol)]);

        AssertArrived(collector, trace);
        Assert.Empty(_log);
    }

    [Fact]
    public async Task Spans_and_metrics_arrive_in_Application_Insights()
    {
        await using IngestionEndpoint insights = await IngestionEndpoint.StartAsync();

        string trace = await RunAsync([new(Connection, insights.ConnectionString)]);

        AssertArrived(insights, trace);
        Assert.All(insights.Items, i => Assert.Equal("", i.Authorization));
        Assert.Empty(_log);
    }

    [Fact]
    public async Task Both_get_everything_where_both_are_set()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        await using IngestionEndpoint insights = await IngestionEndpoint.StartAsync();

        string trace = await RunAsync([new(Endpoint, collector.GrpcAddress), new(Connection, insights.ConnectionString)]);

        AssertArrived(collector, trace);
        AssertArrived(insights, trace);
    }

    [Theory]
    [InlineData(null, null, 60)] // the exporter's own default is five traces a second
    [InlineData("microsoft.fixed_percentage", "0", 0)]
    public async Task Application_Insights_gets_every_trace_unless_a_sampler_is_set(string? sampler, string? argument, int arrived)
    {
        await using IngestionEndpoint insights = await IngestionEndpoint.StartAsync();
        KeyValuePair<string, string?>[] sampling = [new("OTEL_TRACES_SAMPLER", sampler), new("OTEL_TRACES_SAMPLER_ARG", argument)];
        using IHost host = Build([new(Connection, insights.ConnectionString), .. sampling]);
        await host.StartAsync(Cancellation);

        for (int i = 0; i < 60; i++)
            using (Tracing.Start(_word, null)) { }

        host.Dispose();
        Assert.Equal(arrived, insights.Of("RequestData").Count(r => r.Data.GetProperty("name").GetString() == _word));
    }

    [Fact]
    public async Task A_managed_identity_proves_itself_to_Application_Insights()
    {
        await using IngestionEndpoint insights = await IngestionEndpoint.StartAsync(tls: true);
        KeyValuePair<string, string?>[] settings =
        [
            new(Connection, insights.ConnectionString),
            new(Authentication, "Authorization=AAD;ClientId=the-client"),
        ];
        string trace;
        using (new EnvironmentVariable("IDENTITY_ENDPOINT", insights.Tokens))
        using (new EnvironmentVariable("IDENTITY_HEADER", "of-the-platform"))
            trace = await RunAsync(settings, Trusting);

        AssertArrived(insights, trace);
        Assert.All(insights.Items, i => Assert.Equal("Bearer token-of-the-identity", i.Authorization));
        Assert.NotEmpty(insights.TokenRequests);
        Assert.All(insights.TokenRequests, q => Assert.Equal("the-client", q["client_id"].ToString()));
        Assert.All(insights.TokenRequests, q => Assert.Equal("https://monitor.azure.com", q["resource"].ToString().TrimEnd('/')));

        // The endpoint's certificate is its own.
        static void Trusting(IServiceCollection services) =>
            services.Configure<AzureMonitorExporterOptions>(o =>
                o.Transport = new HttpClientTransport(
                    new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true }
                )
            );
    }

    [Theory]
    [InlineData(Endpoint, "collector?key=secret", "http://localhost:4317")]
    [InlineData(Endpoint, "ftp://collector/secret", "http://localhost:4317")]
    [InlineData(Connection, "secret", "InstrumentationKey=")]
    [InlineData(Connection, "InstrumentationKey=;IngestionEndpoint=http://127.0.0.1:9/secret", "InstrumentationKey=")]
    [InlineData(Connection, "InstrumentationKey=secret;IngestionEndpoint=secret", "InstrumentationKey=")]
    [InlineData(Connection, "InstrumentationKey=secret;InstrumentationKey=secret", "InstrumentationKey=")]
    public async Task A_setting_that_is_not_usable_is_one_warning_and_nothing_stops(string setting, string value, string expected)
    {
        await RunAsync([new(setting, value)]);

        string warning = Assert.Single(_log);
        Assert.StartsWith(
            $"Warning: The setting {setting} is not usable, so no telemetry is sent there",
            warning,
            StringComparison.Ordinal
        );
        Assert.Contains(expected, warning, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secret")]
    [InlineData("Authorization=secret")]
    [InlineData("ClientId=secret")]
    public async Task An_authentication_that_is_not_known_sends_nothing_and_is_named(string authentication)
    {
        await using IngestionEndpoint insights = await IngestionEndpoint.StartAsync();

        await RunAsync([new(Connection, insights.ConnectionString), new(Authentication, authentication)]);

        string warning = Assert.Single(_log);
        Assert.StartsWith($"Warning: The setting {Authentication} is not usable", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", warning, StringComparison.Ordinal);
        Assert.Empty(insights.Items);
    }

    [Fact]
    public async Task Other_settings_of_the_exporter_that_it_cannot_read_do_not_stop_the_host()
    {
        await RunAsync([new(Endpoint, "http://127.0.0.1:9"), new("OTEL_EXPORTER_OTLP_HEADERS", "no header: secret")]);

        string warning = Assert.Single(_log);
        Assert.StartsWith($"Warning: The setting {Endpoint} is not usable", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_unusable_setting_does_not_keep_telemetry_from_the_other_destination()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();

        string trace = await RunAsync([new(Connection, "nonsense"), new(Endpoint, collector.GrpcAddress)]);

        AssertArrived(collector, trace);
        Assert.StartsWith($"Warning: The setting {Connection} ", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_destination_that_is_not_reached_is_one_warning_and_nothing_stops()
    {
        await RunAsync([
            new(Endpoint, "http://127.0.0.1:9/?key=secret"),
            new(Protocol, "http/protobuf"),
            new(Connection, "InstrumentationKey=secret;IngestionEndpoint=http://127.0.0.1:9/"),
        ]);

        Assert.Equal(2, _log.Count);
        foreach (string setting in (string[])[Endpoint, Connection])
            Assert.Single(
                _log,
                l => l.StartsWith($"Warning: Telemetry does not reach the destination of {setting} (", StringComparison.Ordinal)
            );
        Assert.DoesNotContain(_log, l => l.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_destination_spans_carry_the_trace_and_no_metric_is_collected()
    {
        using IHost host = Build([]);
        await host.StartAsync(Cancellation);

        using Activity? step = Tracing.Start("RouteUpload", null);

        Assert.NotNull(step);
        Assert.Null(host.Services.GetService<MeterProvider>());
        Assert.Empty(_log);
    }

    // One step with a part, and one metric of each kind, while a host runs.
    private async Task<string> RunAsync(KeyValuePair<string, string?>[] settings, Action<IServiceCollection>? configure = null)
    {
        using IHost host = Build(settings, configure);
        await host.StartAsync(Cancellation);
        string trace;
        using (Activity? step = Tracing.Start("ScoreImage", Sender()))
        {
            Assert.NotNull(step);
            trace = step.TraceId.ToHexString();
            using (Tracing.Source.StartActivity("infer"))
                Metrics.Inference(4, TimeSpan.FromMilliseconds(80), _word, "cpu");
        }

        Metrics.Scored(Verdict.Anomalous, _word);
        await host.StopAsync(Cancellation);
        return trace;
    }

    private string Sender() => $"00-{_word}-b7ad6b7169203331-01";

    private IHost Build(KeyValuePair<string, string?>[] settings, Action<IServiceCollection>? configure = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([.. settings, new("AzureMonitorExporter:DisableOfflineStorage", "true")]);
        builder.Logging.AddProvider(new QueueLog(_log));
        builder.Services.AddAaClipTelemetry(builder.Configuration);
        configure?.Invoke(builder.Services);
        return builder.Build();
    }

    private void AssertArrived(OtlpReceiver collector, string trace)
    {
        Assert.Equal(_word, trace);
        (string service, Span step) = Assert.Single(collector.Spans, s => s.Span.Name == "ScoreImage" && Hex(s.Span.TraceId) == trace);
        (_, Span part) = Assert.Single(collector.Spans, s => s.Span.Name == "infer" && Hex(s.Span.TraceId) == trace);
        Assert.Equal(("aaclip", "b7ad6b7169203331", step.SpanId), (service, Hex(step.ParentSpanId), part.ParentSpanId));
        (Metric scored, NumberDataPoint images) = Assert.Single(
            collector.Metrics.Where(m => m.Name == "aaclip.images.scored").SelectMany(m => m.Sum.DataPoints.Select(p => (m, p))),
            p => p.p.Attributes.Any(a => a.Value.StringValue == _word)
        );
        Assert.Equal(("{image}", 1), (scored.Unit, images.AsInt));
        HistogramDataPoint runs = Assert.Single(
            collector.Metrics.Where(m => m.Name == "aaclip.inference.duration").SelectMany(m => m.Histogram.DataPoints),
            p => p.Attributes.Any(a => a.Value.StringValue == _word)
        );
        Assert.Equal((1ul, 80.0), (runs.Count, runs.Sum));
    }

    private void AssertArrived(IngestionEndpoint insights, string trace)
    {
        Assert.Equal(_word, trace);
        (JsonElement step, JsonElement request) = Assert.Single(insights.Of("RequestData"), r => Tag(r.Item, "ai.operation.id") == trace);
        (JsonElement part, JsonElement infer) = Assert.Single(
            insights.Of("RemoteDependencyData"),
            d => Tag(d.Item, "ai.operation.id") == trace
        );
        Assert.Equal(IngestionEndpoint.Key, step.GetProperty("iKey").GetString());
        Assert.Equal(("ScoreImage", "aaclip"), (request.GetProperty("name").GetString(), Tag(step, "ai.cloud.role")));
        Assert.Equal("b7ad6b7169203331", Tag(step, "ai.operation.parentId"));
        Assert.Equal("infer", infer.GetProperty("name").GetString());
        Assert.Equal(request.GetProperty("id").GetString(), Tag(part, "ai.operation.parentId"));
        Assert.Equal(1, Value("aaclip.images.scored"));
        Assert.Equal(80, Value("aaclip.inference.duration"));

        double Value(string name) =>
            Assert
                .Single(
                    insights.Of("MetricData").Select(m => m.Data),
                    d =>
                        d.GetProperty("metrics")[0].GetProperty("name").GetString() == name
                        && d.GetProperty("properties").TryGetProperty("model", out JsonElement model)
                        && model.GetString() == _word
                )
                .GetProperty("metrics")[0]
                .GetProperty("value")
                .GetDouble();
    }

    private static string? Tag(JsonElement item, string name) =>
        item.GetProperty("tags").TryGetProperty(name, out JsonElement tag) ? tag.GetString() : null;

    private static string Hex(Google.Protobuf.ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private sealed class EnvironmentVariable : IDisposable
    {
        private readonly string _name;

        public EnvironmentVariable(string name, string value) => Environment.SetEnvironmentVariable(_name = name, value);

        public void Dispose() => Environment.SetEnvironmentVariable(_name, null);
    }

    private sealed class QueueLog(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel))
                lines.Enqueue($"{logLevel}: {formatter(state, exception)}");
        }

        public void Dispose() { }
    }
}
