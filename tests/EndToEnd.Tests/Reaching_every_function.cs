using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using AaClip.LocalHost;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using Microsoft.Extensions.Logging;

namespace AaClip.EndToEnd.Tests;

public class Reaching_every_function(AzuriteFixture azurite)
{
    // Its timer does not run while the test does. VerifyTests of Cli.Tests runs the work behind it.
    private const string Nightly = "DropOldResults";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_built_app_is_made_of_the_signed_assemblies_of_the_packages()
    {
        Dictionary<string, string> tokens = new()
        {
            ["Azure.Messaging.ServiceBus.dll"] = "92742159e12e44c8",
            ["Azure.Storage.Blobs.dll"] = "92742159e12e44c8",
            ["Azure.Storage.Queues.dll"] = "92742159e12e44c8",
            ["Microsoft.Azure.Functions.Worker.dll"] = "551316b6919f366c",
            ["Microsoft.Azure.Functions.Worker.Core.dll"] = "551316b6919f366c",
            ["Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore.dll"] = "551316b6919f366c",
            ["Microsoft.ML.OnnxRuntime.dll"] = "f27f157f0a5b7bb6",
            ["SixLabors.ImageSharp.dll"] = "d998eea7b14cab13",
            [".azurefunctions/Microsoft.Azure.WebJobs.Extensions.Storage.Queues.dll"] = "92742159e12e44c8",
            [".azurefunctions/Microsoft.Azure.WebJobs.Extensions.FunctionMetadataLoader.dll"] = "551316b6919f366c",
        };

        Dictionary<string, string> found = tokens.Keys.ToDictionary(
            file => file,
            file => Convert.ToHexStringLower(AssemblyName.GetAssemblyName(Path.Combine(Site.Functions, file)).GetPublicKeyToken() ?? [])
        );

        Assert.Equal(tokens, found);
        foreach (string file in (string[])["functions.metadata", "extensions.json", "worker.config.json", "host.json"])
            Assert.True(File.Exists(Path.Combine(Site.Functions, file)), $"{file} is missing.");
    }

    [Fact]
    public async Task Through_the_worker_process_each_function_of_the_app_answers_or_takes_its_message()
    {
        await using Site site = await Site.OpenAsync(azurite);
        RunLog runs = new();
        FunctionHost host = await site.StartWorkerAsync(
            Site.FewAttempts,
            options =>
                options with
                {
                    Logging = logging => logging.AddProvider(site.Log).AddProvider(runs).AddFilter("Function", LogLevel.Information),
                }
        );
        using HttpClient http = new() { BaseAddress = new Uri(host.Url) };

        // Queue functions: an image, a job over it, and in each poison queue what no function can use.
        string etag = await site.DropAsync("line1/a.png", seed: 1);
        await site.ResultAsync("line1/a.png", etag);
        string job = JsonSerializer.Serialize(
            new RescoreRequest
            {
                Id = "all",
                Model = site.ModelId,
                Against = "older@1",
            },
            JobJson.Default.RescoreRequest
        );
        List<string> reached = [await AnswersAsync("StartRescore", HttpMethod.Post, "/api/rescore", job)];
        foreach (
            string queue in (string[])
                [
                    QueueNames.UploadsPoison,
                    QueueNames.ScorePoison,
                    QueueNames.ScoreBulkPoison,
                    QueueNames.ScoredPoison,
                    QueueNames.EventsPoison,
                    QueueNames.RescorePoison,
                ]
        )
            await site.SendAsync(queue, "junk");
        // A job of the live model leaves out what has a result already.
        ScoreRequested again = new()
        {
            Image = "line1/a.png",
            ETag = etag,
            Camera = "line1",
            ObjectClass = "bottle",
            EnqueuedAt = DateTimeOffset.UtcNow,
        };
        await site.SendAsync(QueueNames.ScoreBulk, JsonSerializer.Serialize(again, MessageJson.Default.ScoreRequested));

        FrameSeen frame = new() // of a camera without events: nothing comes of it
        {
            Image = "line1/a.png",
            ETag = etag,
            Camera = "line1",
            ImageTime = DateTimeOffset.UtcNow,
            Model = "vad@1",
            Length = 256,
            Feature = "vad@1/line1/a.png/1.f16",
            EnqueuedAt = DateTimeOffset.UtcNow,
        };
        await site.SendAsync(QueueNames.Events, JsonSerializer.Serialize(frame, MessageJson.Default.FrameSeen));

        // HTTP functions
        reached.Add(await AnswersAsync("Health", HttpMethod.Get, "/api/health"));
        reached.Add(await AnswersAsync("Alive", HttpMethod.Get, "/api/health/live"));
        reached.Add(await AnswersAsync("ReadResult", HttpMethod.Get, "/api/results/line1/a.png"));
        using (ByteArrayContent picture = new(ImageEncoder.Png(Pictures.Draw(2))))
        {
            picture.Headers.ContentType = new("image/png");
            using HttpResponseMessage pushed = await http.PostAsync("/api/score?camera=line1", picture, Cancellation);
            Assert.True(pushed.IsSuccessStatusCode, $"PushImage answered {pushed.StatusCode}.");
            reached.Add("PushImage");
        }

        reached.Add(await AnswersAsync("ListResults", HttpMethod.Get, "/api/results?camera=line1"));
        reached.Add(await AnswersAsync("OpenApi", HttpMethod.Get, "/api/openapi.json"));
        reached.Add(await AnswersAsync("ListAlerts", HttpMethod.Get, "/api/alerts"));
        reached.Add(await AnswersAsync("ListRescores", HttpMethod.Get, "/api/rescore"));
        reached.Add(await AnswersAsync("ReadRescore", HttpMethod.Get, "/api/rescore/all"));
        await site.WaitAsync(
            "every function",
            () =>
                Task.FromResult(
                    host.Functions.Except(reached).Except(runs.Functions).Except(["ChangeRescore", "ChangeAlert", Nightly]).Any()
                        ? null
                        : site
                )
        );
        HttpResponseMessage change = await http.PostAsync("/api/rescore/all/cancel", null, Cancellation);
        Assert.True((int)change.StatusCode is 200 or 409, $"ChangeRescore answered {change.StatusCode}."); // the job may be done
        reached.Add("ChangeRescore");
        using StringContent close = new("""{ "by": "kim", "note": "a test" }""", System.Text.Encoding.UTF8, "application/json");
        HttpResponseMessage closed = await http.PostAsync("/api/alerts/line1/close", close, Cancellation);
        Assert.True((int)closed.StatusCode is 200 or 409, $"ChangeAlert answered {closed.StatusCode}."); // there may be no open alert
        reached.Add("ChangeAlert");
        reached.Add(Nightly);

        Assert.Equal(host.Functions.Order(StringComparer.Ordinal), reached.Union(runs.Functions).Order(StringComparer.Ordinal));
        await site.QuietAsync();

        async Task<string> AnswersAsync(string function, HttpMethod method, string path, string? body = null)
        {
            using HttpRequestMessage request = new(method, path)
            {
                Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
            };
            using HttpResponseMessage response = await http.SendAsync(request, Cancellation);
            Assert.True(
                response.IsSuccessStatusCode,
                $"{function} answered {response.StatusCode}: {await response.Content.ReadAsStringAsync(Cancellation)}"
            );
            return function;
        }
    }

    /// <summary>Which functions the listeners have run without an error: "Executed 'RouteUpload' (Succeeded, …)".</summary>
    private sealed class RunLog : ILoggerProvider, ILogger
    {
        private readonly ConcurrentDictionary<string, bool> _functions = new();

        public IEnumerable<string> Functions => _functions.Keys;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            string line = formatter(state, exception);
            if (
                line.StartsWith("Executed '", StringComparison.Ordinal)
                && line.Contains("(Succeeded", StringComparison.Ordinal)
                && line.Split('\'')[1] is var name
            )
                _functions[name.Split('.')[^1]] = true;
        }

        public void Dispose() { }
    }
}
