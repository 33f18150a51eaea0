using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;

namespace AaClip.LocalHost.Tests;

/// <summary>The builder of the worker's polyfill: composes services, and does not pretend to run.</summary>
public class WorkerPolyfillTests
{
    [Fact]
    public async Task What_the_builder_builds_has_its_services_and_refuses_to_start()
    {
        Assert.SkipWhen(typeof(FunctionsApplication).Assembly.GetName().GetPublicKeyToken() is { Length: > 0 }, "The real worker starts only under the Functions host.");
        FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder([]);
        builder.ConfigureFunctionsWebApplication();
        builder.Services.AddSingleton<Recorder>();

        using IHost app = builder.Build();
        PlatformNotSupportedException refused = await Assert.ThrowsAsync<PlatformNotSupportedException>(() => app.StartAsync(TestContext.Current.CancellationToken));

        Assert.NotNull(app.Services.GetService<Recorder>());
        Assert.Contains("aaclip up", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_worker_s_telemetry_defaults_can_be_asked_for()
    {
        Builder builder = new();

        Assert.Same(builder, builder.UseFunctionsWorkerDefaults());
    }

    private sealed class Builder : IOpenTelemetryBuilder
    {
        public IServiceCollection Services { get; } = new ServiceCollection();
    }
}
