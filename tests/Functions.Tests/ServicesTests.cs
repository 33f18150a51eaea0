using System.Reflection;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AaClip.Functions.Tests;

public class ServicesTests
{
    [Fact]
    public async Task Every_function_class_can_be_made_from_the_services()
    {
        HostApplicationBuilder builder = Builder(("Model:Path", "/nowhere"));
        await using ServiceProvider services = builder.Services.BuildServiceProvider();

        Type[] classes = [.. Functions.Select(m => m.DeclaringType!).Distinct()]; // a function is a method of a class
        Assert.NotEmpty(classes);
        Assert.All(classes, type => ActivatorUtilities.CreateInstance(services, type));
    }

    [Fact]
    public void Every_queue_that_is_made_is_read_by_one_function_but_alerts_which_are_for_others()
    {
        IEnumerable<string> read = Functions
            .SelectMany(m => m.GetParameters())
            .Select(p => p.GetCustomAttribute<QueueTriggerAttribute>()?.QueueName)
            .OfType<string>();

        Assert.Equal(QueueNames.All.Order(StringComparer.Ordinal), read.Append(QueueNames.Alerts).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Model:Path", "", "Model__Path is missing")]
    [InlineData("Batching:MaxSize", "0", "MaxSize")]
    [InlineData("Batching:MaxWaitMilliseconds", "-1", "MaxWaitMilliseconds")]
    [InlineData("Limits:MaxBytes", "0", "MaxBytes")]
    [InlineData("Limits:MaxPixels", "-5", "MaxPixels")]
    [InlineData("Limits:MaxImagesInMemory", "0", "MaxImagesInMemory")]
    [InlineData("Cameras:RefreshSeconds", "-1", "RefreshSeconds")]
    [InlineData("Storage:Prefix", "Not_Valid", "Storage__Prefix")]
    public async Task A_bad_setting_fails_at_start_and_is_named(string key, string value, string message)
    {
        HostApplicationBuilder builder = Builder(("Model:Path", "/nowhere"), (key, value));
        using IHost host = builder.Build();

        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            host.StartAsync(TestContext.Current.CancellationToken)
        );

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<MethodInfo> Functions =>
        typeof(RouteUpload)
            .Assembly.GetTypes()
            .SelectMany(t => t.GetMethods())
            .Where(m => m.GetCustomAttribute<FunctionAttribute>() is not null);

    private static HostApplicationBuilder Builder(params (string Key, string Value)[] settings)
    {
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration["DataStorage"] = "UseDevelopmentStorage=true";
        foreach ((string key, string value) in settings)
            builder.Configuration[key] = value;
        builder.Services.AddAaClip(builder.Configuration);
        return builder;
    }
}
