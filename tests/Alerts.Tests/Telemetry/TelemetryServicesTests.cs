using System.Diagnostics;
using AaClip.Pipeline.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AaClip.Alerts.Tests.Telemetry;

[Collection("Telemetry")]
public sealed class TelemetryServicesTests
{
    [Fact]
    public async Task Spans_are_recorded_while_the_host_runs_also_without_an_endpoint()
    {
        using IHost host = Build(null);
        await host.StartAsync(TestContext.Current.CancellationToken);

        using Activity? step = Tracing.Start("RouteUpload", null);

        Assert.NotNull(step);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void An_endpoint_that_is_no_address_is_refused_without_repeating_it()
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => Build("collector?key=secret"));

        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT", refused.Message, StringComparison.Ordinal);
        Assert.Contains("http://localhost:4317", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    private static IHost Build(string? endpoint)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new(TelemetryServices.EndpointSetting, endpoint)]);
        builder.Services.AddAaClipTelemetry(builder.Configuration);
        return builder.Build();
    }
}
