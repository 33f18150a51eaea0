using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using AaClip.Graphs;
using AaClip.LocalHost;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using AaClip.Tests;
using AaClip.Tests.ServiceBus;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.EndToEnd.Tests;

/// <summary>Model, provider, storage or a receiver fails for longer than all attempts of a message; a message has two attempts.</summary>
public class Losing_the_infrastructure(AzuriteFixture azurite)
{
    private const int Images = 30; // more than run at a time

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_missing_model_loses_no_image_and_health_says_so()
    {
        await using Site site = await Site.OpenAsync(azurite);
        string path = Path.Combine(Directory.CreateTempSubdirectory("aaclip-away-").FullName, "model");
        FunctionHost worker = await site.StartWorkerAsync(new(Site.FewAttempts) { ["Model__Path"] = path });
        (string, string)[] images = await DropAsync(site);

        string reason = await UnhealthyAsync(site, worker, path);
        await Task.Delay(TimeSpan.FromSeconds(15), Cancellation); // without the pause, two attempts would be over by now
        Directory.CreateSymbolicLink(path, site.Model);

        await AllScoredAsync(site, images);
        Assert.Contains($"No model package at '{path}'", reason, StringComparison.Ordinal);
        await HealthyAsync(site, worker);
    }

    [Fact]
    public async Task A_model_whose_runs_all_fail_ends_its_process_and_no_image_is_lost()
    {
        await using Site site = await Site.OpenAsync(azurite);
        using ModelRolesStore choice = new(
            site.Storage,
            Options.Create(new ModelOptions()),
            TimeProvider.System,
            NullLogger<ModelRolesStore>.Instance
        );
        string bad = await new ModelRepository(
            site.Storage,
            Options.Create(new ModelOptions()),
            NullLogger<ModelRepository>.Instance
        ).PublishAsync(WhoseRunsFail(site.Model), cancellation: Cancellation);
        await choice.PromoteAsync(bad, "tester", cancellation: Cancellation);
        FunctionHost worker = await site.StartWorkerAsync(
            new(Site.FewAttempts) { ["Model__DeadAfterSeconds"] = "5", ["Model__RefreshSeconds"] = "0" }
        );
        (string, string)[] images = await DropAsync(site);

        string reason = await UnhealthyAsync(site, worker, "runs failed");
        await site.WaitAsync(
            "two ends of a process",
            () =>
                Task.FromResult(
                    site.Log.All.Count(l => l.Contains("The model is dead. This process ends", StringComparison.Ordinal)) >= 2 ? site : null
                )
        );
        Assert.Empty(await site.BlobsAsync(ContainerNames.Results));
        await choice.PromoteAsync(null, "tester", cancellation: Cancellation);

        await AllScoredAsync(site, images);
        Assert.Contains(bad, reason, StringComparison.Ordinal);
        await HealthyAsync(site, worker);
    }

    [Theory]
    [InlineData("/results/")]
    [InlineData("/results20")] // a table of the index
    public async Task Storage_that_refuses_results_loses_no_image_and_health_says_so(string refused)
    {
        await using Site site = await Site.OpenAsync(azurite);
        await using StorageProxy blobs = await StorageProxy.StartAsync(StorageProxy.Endpoint(site.Connection, "BlobEndpoint"));
        await using StorageProxy queues = await StorageProxy.StartAsync(StorageProxy.Endpoint(site.Connection, "QueueEndpoint"));
        await using StorageProxy tables = await StorageProxy.StartAsync(StorageProxy.Endpoint(site.Connection, "TableEndpoint"));
        FunctionHost worker = await site.StartWorkerAsync(
            new(Site.FewAttempts) { [StorageConnection.Setting] = StorageProxy.Through(site.Connection, blobs, queues, tables) }
        );
        blobs.Choose = tables.Choose = request =>
            request.Method is "PUT" or "POST" && request.Path.Value!.Contains(refused, StringComparison.Ordinal)
                ? StorageFault.Error500
                : null;
        (string, string)[] images = await DropAsync(site);

        string reason = await UnhealthyAsync(site, worker, "ScoreImage has failed");
        await Task.Delay(TimeSpan.FromSeconds(10), Cancellation);
        blobs.Choose = tables.Choose = _ => null;

        await AllScoredAsync(site, images);
        Assert.Contains("its messages wait and use no delivery attempt", reason, StringComparison.Ordinal);
        await HealthyAsync(site, worker);
    }

    [Fact]
    public async Task Camera_profiles_that_are_broken_from_the_start_let_images_wait()
    {
        await using Site site = await Site.OpenAsync(azurite, "{");
        FunctionHost worker = await site.StartWorkerAsync(Site.FewAttempts);
        (string, string)[] images = await DropAsync(site);

        await UnhealthyAsync(site, worker, "images wait for one");
        await site.SetCamerasAsync("""{ "schemaVersion": 1, "cameras": { "*": { "class": "bottle" } } }""");

        ResultDocument[] scored = await AllScoredAsync(site, images);
        Assert.All(scored, r => Assert.Equal("bottle", r.Image.ObjectClass));
        await HealthyAsync(site, worker);
    }

    [Fact]
    public async Task A_topic_that_is_away_for_longer_than_all_attempts_gets_its_alert_even_without_new_images()
    {
        using ServiceBusPeer peer = new("alerts", "severe");
        await using Site site = await Site.OpenAsync(
            azurite,
            """{ "schemaVersion": 1, "cameras": { "line1": { "class": "bottle", "threshold": 0.001 } } }"""
        );
        FunctionHost worker = await site.StartWorkerAsync(
            new(Site.FewAttempts) { ["Alert__Topic"] = "alerts", ["ServiceBus"] = peer.ConnectionString }
        );
        peer.GoAway();
        await site.DropAsync("line1/a.png", seed: 1);
        string id = Assert.Single(await site.AlertsAsync(1)).Envelope.Id;
        await site.WaitAsync("an attempt to reach the topic", () => Task.FromResult(peer.TurnedAway > 0 ? peer : null));

        await site.Storage.Queue(QueueNames.Scored).ClearMessagesAsync(Cancellation); // its message is not delivered again
        JsonNode? alerts = (await HealthAsync(worker)).Body["alerts"];
        await Task.Delay(TimeSpan.FromSeconds(20), Cancellation);
        peer.ComeBack();
        await site.WaitAsync("the alert on the topic", () => Task.FromResult(peer.Topic.Stored.Count > 0 ? peer : null));

        Assert.Equal((1, 1), ((int?)alerts?["undelivered"], (int?)alerts?["cameras"]));
        Assert.Equal(id, Assert.Single(peer.Topic.Stored).Properties.MessageId);
        await site.WaitAsync("an empty outbox in health", async () => (await HealthAsync(worker)).Body["alerts"] is null ? site : null);
    }

    private static async Task<(string Name, string ETag)[]> DropAsync(Site site)
    {
        (string, string)[] images = new (string, string)[Images];
        for (int i = 0; i < Images; i++)
            images[i] = ($"line1/{i}.png", await site.DropAsync($"line1/{i}.png", seed: i % 5));
        return images;
    }

    /// <returns>What health says, when it is no longer 200.</returns>
    private static async Task<string> UnhealthyAsync(Site site, FunctionHost worker, string saying)
    {
        long start = Stopwatch.GetTimestamp();
        JsonObject body = await site.WaitAsync(
            $"health to say '{saying}'",
            async () =>
                await HealthAsync(worker) is { Status: HttpStatusCode.ServiceUnavailable, Body: var said }
                && said.ToJsonString().Contains(saying, StringComparison.Ordinal)
                    ? said
                    : null
        );
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"Health says so after {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s: {body.ToJsonString()}"
        );
        return System.Text.RegularExpressions.Regex.Unescape(body.ToJsonString());
    }

    private static async Task HealthyAsync(Site site, FunctionHost worker) =>
        await site.WaitAsync("health", async () => (await HealthAsync(worker)).Status == HttpStatusCode.OK ? site : null);

    private static async Task<(HttpStatusCode Status, JsonObject Body)> HealthAsync(FunctionHost worker)
    {
        using HttpClient http = new();
        using HttpResponseMessage answer = await http.GetAsync(new Uri($"{worker.Url}/api/health"), Cancellation);
        string text = await answer.Content.ReadAsStringAsync(Cancellation);
        // While no worker runs, the host answers by itself
        return (answer.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text)!.AsObject() : []);
    }

    private static async Task<ResultDocument[]> AllScoredAsync(Site site, (string, string)[] images)
    {
        ResultDocument[] results = await site.ResultsAsync(images);
        await site.QuietAsync();
        Assert.All(results, r => Assert.NotEqual(Verdict.Failed, r.Score.Verdict));
        Assert.Equal(Images, (await site.BlobsAsync(ContainerNames.Results)).Length); // and no message was given up on
        return results;
    }

    // Every run of its graph reads an element out of range, and fails.
    private static string WhoseRunsFail(string package)
    {
        string folder = TinyPackage.Copy(package);
        ModelArchitecture shape = ModelPackage.Open(package).Manifest.Architecture;
        string graphFile = Path.Combine(folder, ModelPackage.ImageGraph),
            manifest = Path.Combine(folder, "model.json");
        foreach (string old in (string[])[graphFile, Path.Combine(folder, ModelPackage.ImageWeights)])
            File.Delete(old);
        using (GraphWriter graph = new(graphFile))
        {
            Value image = graph.Input("image", DataType.Float, "N", 3, shape.ImageSize, shape.ImageSize);
            graph.Input("anchors", DataType.Float, "N", shape.Embed, 2);
            Value any = graph.Node("ReduceMax", "/any", [image, graph.Integers(1, 2, 3)], GraphWriter.Int("keepdims", 0));
            Value nine = graph.Node("Add", "/nine", [graph.Node("Mul", "/zero", [any, graph.Scalar(0)]), graph.Scalar(9)]);
            Value one = graph.Weight("one", [1, shape.Grid, shape.Grid], new float[shape.Grid * shape.Grid]);
            Value map = graph.Node(
                "Gather",
                "/map",
                [one, graph.Node("Cast", "/index", [nine], GraphWriter.Int("to", (int)DataType.Int64))]
            );
            graph.Output("map", map, DataType.Float, "N", shape.Grid, shape.Grid);
            graph.Output(
                "detection",
                graph.Node("ReduceMax", "/detection", [map, graph.Integers(1, 2)], GraphWriter.Int("keepdims", 0)),
                DataType.Float,
                "N"
            );
            graph.Save();
        }

        JsonNode json = JsonNode.Parse(File.ReadAllText(manifest))!; // a package has one
        json["version"] = "failing";
        foreach (string file in (string[])[ModelPackage.ImageGraph, ModelPackage.ImageWeights])
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(folder, file));
            json["files"]![file]!["sha256"] = Convert.ToHexStringLower(SHA256.HashData(bytes));
            json["files"]![file]!["bytes"] = bytes.Length;
        }

        File.WriteAllText(manifest, json.ToJsonString());
        return folder;
    }
}
