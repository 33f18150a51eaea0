using AaClip.Pipeline.Storage;
using AaClip.Review;
using AaClip.Review.Api;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.Extensions.Options;

// The page as a container of its own; 'aaclip up' starts the same page on this machine.
WebApplicationBuilder settings = WebApplication.CreateSlimBuilder(args);
StorageClients storage = new(
    settings.Configuration,
    Options.Create(settings.Configuration.GetSection(StorageOptions.Section).Get<StorageOptions>() ?? new StorageOptions())
);
settings.Services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = ["*"]); // the platform lets only its own name through
await ReviewApp.Build(settings, storage, new SignedInAtEntra()).RunAsync();
