using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Audits;
using AaClip.Pipeline.Events;
using AaClip.Pipeline.Failures;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;
using AaClip.Pipeline.Timelines;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AaClip.Functions;

/// <summary>Registers the services of the functions, for any host.</summary>
public static class Services
{
    /// <summary>Registers options, clients and pipeline steps. Settings are checked when the host starts.</summary>
    public static IServiceCollection AddAaClip(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.AddAaClipTelemetry(configuration);
        services
            .AddOptionsWithValidateOnStart<StorageOptions, StorageOptionsValidator>()
            .Bind(configuration.GetSection(StorageOptions.Section));
        services
            .AddOptionsWithValidateOnStart<CamerasOptions, CamerasOptionsValidator>()
            .Bind(configuration.GetSection(CamerasOptions.Section));
        services.AddOptionsWithValidateOnStart<ModelOptions, ModelOptionsValidator>().Bind(configuration.GetSection(ModelOptions.Section));
        services
            .AddOptionsWithValidateOnStart<BatchingOptions, BatchingOptionsValidator>()
            .Bind(configuration.GetSection(BatchingOptions.Section));
        services
            .AddOptionsWithValidateOnStart<LimitsOptions, LimitsOptionsValidator>()
            .Bind(configuration.GetSection(LimitsOptions.Section));
        services.AddOptionsWithValidateOnStart<PushOptions, PushOptionsValidator>().Bind(configuration.GetSection(PushOptions.Section));
        services
            .AddOptionsWithValidateOnStart<ResultsOptions, ResultsOptionsValidator>()
            .Bind(configuration.GetSection(ResultsOptions.Section));

        services.AddSingleton<StorageClients>();
        services.AddSingleton<QueueSender>();
        services.AddSingleton<Infrastructure>();
        services.AddSingleton<CameraProfiles>();
        services.AddSingleton<CameraReferences>();
        services.AddSingleton<UploadRouter>();
        services.AddSingleton<ResultStore>();
        services.AddSingleton<IndexRetention>();
        services.AddSingleton<HourRecount>();
        services.AddSingleton<ModelRolesStore>();
        services.AddSingleton<ModelRepository>();
        services.AddSingleton<ModelTrust>();
        services.AddSingleton<ModelHost>();
        services.AddSingleton<CheckHost>();
        services.AddSingleton<EventModelHost>();
        services.AddSingleton<FeatureStore>();
        services.AddSingleton<TimelineMaker>();
        services.AddSingleton<TimelineStore>();
        services.AddSingleton<ImageScoring>();
        services.AddSingleton<ImagePush>();
        services.AddSingleton<JobStore>();
        services.AddSingleton<JobService>();
        services.AddSingleton<JobRunner>();
        services.AddSingleton<MapRejudger>();
        services.AddSingleton<RunningJobs>();
        services.AddSingleton<AuditStore>();
        services.AddSingleton<ImageAudit>();
        services.AddSingleton<StoredImages>();
        services.AddSingleton<StoredFrames>();
        services.AddSingleton<BulkScoring>();
        services.AddSingleton<FailureRecorder>();
        services.AddAaClipAlerts(configuration);
        services.AddSingleton<EventWatch>();
        services.AddHostedService<ModelWarmup>();
        services.AddHostedService<DeadProcess>();
        return services;
    }
}
