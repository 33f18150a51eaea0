using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace AaClip.SampleApp;

public sealed record Parcel(string Name, int Weight);

/// <summary>One function for each thing that src/LocalHost promises.</summary>
public sealed partial class Functions(IConfiguration configuration, ILogger<Functions> logger)
{
    private const string Storage = "AzureWebJobsStorage";

    /// <summary>Each word becomes a message.</summary>
    [Function("Split")]
    [QueueOutput("words", Connection = Storage)]
    public string[] Split([QueueTrigger("texts", Connection = Storage)] string text)
    {
        LogSplit(logger, text);
        return text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>An object in, an object out; nothing for a parcel without weight.</summary>
    [Function("Weigh")]
    [QueueOutput("weighed", Connection = Storage)]
    public Parcel? Weigh([QueueTrigger("parcels", Connection = Storage)] Parcel parcel, long dequeueCount) =>
        parcel.Weight == 0 ? null : parcel with { Weight = parcel.Weight * 2 + (int)dequeueCount - 1 };

    [Function("Fail")]
    public void Fail([QueueTrigger("failing", Connection = Storage)] string text) =>
        throw new InvalidOperationException($"No '{text}' today.");

    [Function("GaveUp")]
    [QueueOutput("given-up", Connection = Storage)]
    public string GaveUp([QueueTrigger("failing-poison", Connection = Storage)] string text) => text;

    /// <summary>Takes as many milliseconds as the message says, and ends early when it is cancelled.</summary>
    [Function("Wait")]
    [QueueOutput("waited", Connection = Storage)]
    public async Task<string> Wait([QueueTrigger("waits", Connection = Storage)] string milliseconds, CancellationToken cancellation)
    {
        LogWaiting(logger, milliseconds);
        await Task.Delay(int.Parse(milliseconds, CultureInfo.InvariantCulture), cancellation);
        return milliseconds;
    }

    [Function("Tick")]
    [QueueOutput("ticks", Connection = Storage)]
    public string Tick([TimerTrigger("* * * * * *", RunOnStartup = true)] TimerInfo timer) => timer.IsPastDue ? "late" : "tick";

    [Function("Greet")]
    public IActionResult Greet(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "greet/{name}")] HttpRequest request,
        string name
    ) =>
        new ContentResult
        {
            Content = $"Hello {name} {request.Query["times"]} from {configuration["Sample:Place"]} at {request.Host}",
            StatusCode = 200,
        };

    [Function("Echo")]
    public async Task<IActionResult> Echo([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request)
    {
        using StreamReader reader = new(request.Body);
        return new ContentResult
        {
            Content = await reader.ReadToEndAsync(),
            StatusCode = 201,
            ContentType = "text/plain",
        };
    }

    [Function("Break")]
    public IActionResult Break([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
        throw new InvalidOperationException("broken");

    [LoggerMessage(1, LogLevel.Information, "Splitting {Text}")]
    private static partial void LogSplit(ILogger logger, string text);

    [LoggerMessage(2, LogLevel.Information, "Waiting {Milliseconds}")]
    private static partial void LogWaiting(ILogger logger, string milliseconds);
}
