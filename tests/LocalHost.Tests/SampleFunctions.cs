using System.Reflection;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.LocalHost.Tests;

/// <summary>Functions of every shape that the product uses.</summary>
public sealed class SampleFunctions(Recorder recorder)
{
    internal static IReadOnlyList<string> Names { get; } =
        [.. typeof(SampleFunctions).GetMethods().Select(method => method.GetCustomAttribute<FunctionAttribute>()?.Name).OfType<string>()];

    [Function("Text")]
    public void Text([QueueTrigger("%Queue%", Connection = "AzureWebJobsStorage")] string message) => recorder.Add(message);

    [Function("Bytes")]
    public void Bytes([QueueTrigger("%Queue%")] byte[] message) => recorder.Add(Convert.ToHexString(message));

    [Function("Binary")]
    public Task Binary([QueueTrigger("%Queue%")] BinaryData message)
    {
        recorder.Add(Encoding.UTF8.GetString(message));
        return Task.CompletedTask;
    }

    [Function("Json")]
    public void Json([QueueTrigger("%Queue%")] Part message) => recorder.Add($"{message.Name} {message.Count}");

    [Function("Told")]
    public void Told([QueueTrigger("%Queue%")] string message, FunctionContext context, long dequeueCount, string id) =>
        recorder.Add($"{message} {context.FunctionDefinition.Name} {dequeueCount} {id == (string?)context.BindingContext.BindingData["Id"]}");

    [Function("Failing")]
    public void Failing([QueueTrigger("%Queue%")] string message)
    {
        recorder.Add(message);
        throw new InvalidOperationException($"No luck with {message}.");
    }

    [Function("FailingPoison")]
    public void FailingPoison([QueueTrigger("%Queue%-poison")] string message)
    {
        recorder.Add(message);
        throw new InvalidOperationException("No luck either.");
    }

    [Function("Slow")]
    public async Task Slow([QueueTrigger("%Queue%")] string message, CancellationToken cancellation)
    {
        recorder.Add("begin " + message);
        await recorder.Gate.Task.WaitAsync(cancellation);
        recorder.Add("end " + message);
    }

    [Function("Result")]
    public IActionResult Result([HttpTrigger(AuthorizationLevel.Function, "get", Route = "results/{camera}/{*path}")] HttpRequest request, string camera, string? path)
    {
        recorder.Add("asked");
        return new OkObjectResult(new { camera, path, query = request.Query["since"].ToString() });
    }

    [Function("Job")]
    public async Task<IResult> Job([HttpTrigger("post", Route = "jobs/{id:int}")] HttpRequest request, int id)
    {
        recorder.Add("asked");
        using StreamReader reader = new(request.Body);
        return Results.Text($"{id + 1} {await reader.ReadToEndAsync()}", statusCode: 202);
    }

    [Function("Health")]
    public static IActionResult Health([HttpTrigger] HttpRequest request) => new OkResult();

    [Function("Broken")]
    public static IActionResult Broken([HttpTrigger] HttpRequest request) => throw new InvalidOperationException("Broken as always.");

    [Function("Tick")]
    public void Tick([TimerTrigger("0 */5 * * * *")] TimerInfo timer) => recorder.Add($"{timer.ScheduleStatus?.Next:HH:mm:ss}");

    [Function("AtStart")]
    public void AtStart([TimerTrigger("%Schedule%", RunOnStartup = true)] TimerInfo timer) => recorder.Add("started");
}

/// <summary>A message.</summary>
public sealed record Part
{
    public required string Name { get; init; }

    public int Count { get; init; }
}
