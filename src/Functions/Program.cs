using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AaClip.Functions;
using AaClip.Pipeline.Contracts;
using Azure.Core.Serialization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseMiddleware<InfrastructureWait>();
builder.Services.AddAaClip(builder.Configuration);

// Use the pipeline's own JSON for messages; docs/schemas describes it.
builder.Services.Configure<WorkerOptions>(worker =>
    worker.Serializer = new JsonObjectSerializer(
        new JsonSerializerOptions(MessageJson.Default.Options)
        {
            TypeInfoResolver = JsonTypeInfoResolver.Combine(MessageJson.Default, new DefaultJsonTypeInfoResolver()),
        }
    )
);
await builder.Build().RunAsync();
