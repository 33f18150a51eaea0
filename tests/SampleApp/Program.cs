using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
if (builder.Configuration["Sample:Refuse"] is { } reason)
    throw new InvalidOperationException(reason);
builder.ConfigureFunctionsWebApplication();
await builder.Build().RunAsync();
