using System.Net;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Review.Api;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.Json;

namespace AaClip.Review;

/// <summary>
/// The review page and what it asks for: results, pictures, decisions, camera profiles. It reads storage, and writes decisions, on
/// images and on alerts, and camera profiles alone; it loads no model.
/// </summary>
public static class ReviewApp
{
    private const int MaxBody = 4 << 20;

    /// <summary>Starts the page on this machine, for this machine alone.</summary>
    /// <param name="port">0 takes a free one.</param>
    /// <param name="logging">Where it logs.</param>
    /// <returns>The running app; its first address is that of the page.</returns>
    /// <exception cref="IOException">The port is in use.</exception>
    public static async Task<WebApplication> StartLocalAsync(
        StorageClients storage,
        int port,
        Action<ILoggingBuilder> logging,
        CancellationToken cancellation = default
    )
    {
        // Neither settings nor environment of this machine: they are for other programs.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddRouting();
        logging(builder.Logging);
        // Reject other host names: a foreign web page could use its own name for 127.0.0.1 (DNS rebinding).
        builder.Services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = ["127.0.0.1", "localhost"]);
        WebApplication app = Build(builder, storage, new UserOfThisMachine());
        await app.StartAsync(cancellation);
        return app;
    }

    /// <summary>Puts the app together.</summary>
    internal static WebApplication Build(WebApplicationBuilder builder, StorageClients storage, IIdentity identity)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.AddServerHeader = false;
        });
        builder.Services.AddHealthChecks();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(storage);
        builder.Services.AddSingleton(identity);
        builder.Services.AddSingleton<ResultStore>();
        builder.Services.AddSingleton(services => services.GetRequiredService<ResultStore>().Index);
        builder.Services.AddSingleton<ReviewStore>();
        builder.Services.AddSingleton<ReviewedResults>();
        builder.Services.AddSingleton<ProfileEditor>();
        builder.Services.AddSingleton(services => new ScoreCounts(storage, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(services => new CameraStates(storage, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(services => AlertDesk.WithoutReceivers(storage, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<Models>();
        builder.Services.Configure<JsonOptions>(json => PageJson.Configure(json.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true); // the gate says what is wrong
        WebApplication app = builder.Build();
        app.UseHostFiltering();
        app.UseHealthChecks("/healthz"); // for the platform's probes, which nobody signs in
        app.UseMiddleware<Gate>();
        app.UseRouting();
        Page.Map(app);
        RouteGroupBuilder api = app.MapGroup("/api");
        SessionApi.Map(api);
        ResultsApi.Map(api);
        PicturesApi.Map(api);
        ReviewsApi.Map(api);
        CamerasApi.Map(api);
        CompareApi.Map(api);
        WhatIfApi.Map(api);
        StateApi.Map(api);
        AlertsApi.Map(api);
        AuditApi.Map(api);
        return app;
    }
}
