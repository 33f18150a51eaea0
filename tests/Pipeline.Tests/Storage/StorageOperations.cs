using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Audits;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Events;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Tests.Alerts;
using AaClip.Pipeline.Tests.Results.Counts;
using AaClip.Pipeline.Tests.Routing;
using AaClip.Pipeline.Timelines;
using AaClip.Scoring.Events;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.References;
using AaClip.Tests;
using Azure;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Tests.Storage;

/// <summary>Every public operation of the classes that keep something in storage, each with what has to be there before.</summary>
internal static class StorageOperations
{
    private const string Model = "tiny@1",
        Image = "line1/a.png",
        Job = "job";
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeProvider Clock = new StoppedClock();

    private const string Line = "tiny@1/line1/20260131T120000.0000000Z.json";
    private static readonly Frame Seen = new(Image, "0x1", Noon);

    /// <summary>An operation: what it needs, and what it does, told in words that are the same each time.</summary>
    public sealed record Operation(Func<StorageClients, Task> Before, Func<StorageClients, Task<object?>> Run);

    /// <summary>By name.</summary>
    public static IReadOnlyDictionary<string, Operation> All { get; } =
        new Dictionary<string, Operation>
        {
            ["StorageClients.EnsureCreated"] = new(Nothing, Do(s => s.EnsureCreatedAsync(Token))),
            ["A container that is there"] = new(
                Nothing,
                Give(async s => (await s.Container(ContainerNames.Images).ExistsAsync(Token)).Value)
            ),
            ["A queue that is there"] = new(
                Nothing,
                Give(async s => (await s.Queue(QueueNames.Score).GetPropertiesAsync(Token)).Value.ApproximateMessagesCount)
            ),

            ["ResultStore.WritePictures"] = new(
                Nothing,
                Do(s => Results(s).WritePicturesAsync(Model, new ImageVersion(Image, "0x1"), [1], [2], Token))
            ),
            ["ResultStore.Write"] = new(Nothing, Give(s => Results(s).WriteAsync(Document(), Token))),
            ["ResultStore.TryAdd"] = new(Nothing, Give(s => Results(s).TryAddAsync(Document(), Token))),
            ["ResultStore.TryAdd beside another"] = new(
                s => Results(s).WriteAsync(Document("0x1", 1), Token),
                Give(s => Results(s).TryAddAsync(Document(), Token))
            ),
            ["ResultStore.WriteFailed"] = new(Nothing, Give(s => Results(s).WriteFailedAsync(Failed(), Token))),
            ["ResultStore.Read"] = new(
                WithResults,
                Give(async s => (await Results(s).ReadAsync(new ImageVersion(Image, "0x1").Result(Model), Token))?.ScoredAt)
            ),
            ["ResultStore.Read absent"] = new(
                Nothing,
                Give(async s => await Results(s).ReadAsync(new ImageVersion(Image, "0x1").Result(Model), Token) is null)
            ),
            ["ResultStore.Summary"] = new(
                WithResults,
                Give(async s => (await Results(s).SummaryAsync(Model, new ImageVersion(Image, "0x1"), Token))?.Time)
            ),
            ["ResultStore.Latest"] = new(WithResults, Give(async s => (await Results(s).LatestAsync(Model, Image, Token))?.Image.ETag)),
            ["ResultStore.Summaries"] = new(
                WithResults,
                Give(async s =>
                    (await Results(s).SummariesAsync(Model, [(new ImageVersion(Image, "0x1"), Document().Image.StoredAt)], Token)).Count
                )
            ),
            ["ResultIndex.Query"] = new(
                WithResults,
                Give(async s =>
                    string.Join(' ', await Results(s).Index.QueryAsync(new ResultQuery(), Token).Select(r => r.Blob).ToListAsync(Token))
                )
            ),
            ["ReviewStore.Add"] = new(WithResults, Give(s => ReviewsAsync(s, Review(1), Review(2)))),
            ["ReviewStore.Add beside a known one"] = new(
                async s =>
                {
                    await WithResults(s);
                    await ReviewsAsync(s, Review(1));
                },
                Give(s => ReviewsAsync(s, Review(1), Review(2)))
            ),
            ["ReviewedResults.Query"] = new(
                async s =>
                {
                    await WithResults(s);
                    await ReviewsAsync(s, Review(1));
                },
                Give(async s =>
                    await new ReviewedResults(Results(s).Index, new ReviewStore(s, Clock))
                        .QueryAsync(new ResultQuery(), new HashSet<ReviewVerdict> { ReviewVerdict.Fine }, Token)
                        .CountAsync(Token)
                )
            ),
            ["ProfileEditor.Change"] = new(Nothing, Give(s => EditAsync(s, "0.4"))),
            ["ProfileEditor.Change of a file that is there"] = new(s => EditAsync(s, "0.4"), Give(s => EditAsync(s, "0.6"))),
            ["ProfileEditor.Restore"] = new(
                async s =>
                {
                    await EditAsync(s, "0.4");
                    await EditAsync(s, "0.6");
                },
                Give(async s =>
                {
                    ProfileEditor editor = new(s, Clock);
                    string oldest = (await editor.HistoryAsync(Token))[^1].Id;
                    await editor.RestoreAsync(oldest, (await editor.ReadAsync(Token)).ETag, "kim", Token);
                    return await TellAsync(editor);
                })
            ),

            ["ResultIndex.Remove"] = new(WithResults, Do(s => Results(s).Index.RemoveAsync(ResultRow.Of(Document()), Token))),
            ["ResultIndex.Drop"] = new(
                WithResults,
                Do(async s =>
                {
                    foreach (DateOnly month in await Results(s).Index.MonthsAsync(Token))
                        await Results(s).Index.DropAsync(month, Token);
                })
            ),

            ["HourRecount.Run"] = new(WithResults, Do(s => CountedResults.Recount(s).RunAsync(TimeSpan.FromMinutes(5), Token))),
            ["HourRecount.Run again"] = new(
                async s =>
                {
                    await WithResults(s);
                    await CountedResults.Recount(s).RunAsync(TimeSpan.FromMinutes(5), Token);
                    await Results(s).Index.RemoveAsync(ResultRow.Of(Document()), Token);
                },
                Do(s => CountedResults.Recount(s).RunAsync(TimeSpan.FromMinutes(5), Token))
            ),
            ["ScoreCounts.Read"] = new(
                WithResults,
                Give(async s => (await new ScoreCounts(s).ReadAsync("line1", Model, Noon.AddDays(-1), Noon.AddDays(1), Token)).Failed)
            ),

            ["JobStore.TryWrite a new one"] = new(Nothing, Give(s => Jobs(s).TryWriteAsync(NewJob(), null, Token))),
            ["JobStore.TryWrite over it"] = new(
                WithJob,
                Give(async s => await Jobs(s).TryWriteAsync(NewJob() with { Step = 1 }, await JobETagAsync(s), Token))
            ),
            ["JobStore.Read"] = new(WithJob, Give(async s => (await Service(s).FindAsync(Job, Token)).Id)),
            ["JobStore.Change"] = new(
                WithJob,
                Give(async s => (await Jobs(s).ChangeAsync(Job, job => job with { Step = 5 }, Token))?.Step)
            ),
            ["JobStore.List"] = new(
                WithJob,
                Give(async s => string.Join(' ', await Jobs(s).ListAsync(Token).Select(j => j.Id).ToListAsync(Token)))
            ),
            ["JobStore.AddPage"] = new(Nothing, Give(async s => (await Jobs(s).AddPageAsync(Job, 0, Page(), Token)).Images.Count)),
            ["JobStore.Page"] = new(WithJob, Give(async s => (await Jobs(s).PageAsync(Job, 7, Token))?.Images.Count)),
            ["JobStore.WriteFlips"] = new(Nothing, Do(s => Jobs(s).WriteFlipsAsync(Job, 1, [], Token))),
            ["JobStore.Flips"] = new(WithJob, Give(async s => (await Jobs(s).FlipsAsync(Job, Token).ToListAsync(Token)).Count)),
            ["JobStore.WriteReport"] = new(
                Nothing,
                Do(s => Jobs(s).WriteReportAsync(Job, "report.json", [1, 2], "application/json", Token))
            ),
            ["JobStore.Report"] = new(
                WithJob,
                Give(async s => Convert.ToHexString(await Jobs(s).ReportAsync(Job, "report.html", Token) ?? []))
            ),

            ["JobService.Start"] = new(Nothing, Give(async s => (await Service(s).StartAsync(Request(), Model, Token)).Status)),
            ["JobService.Pause"] = new(WithJob, Give(async s => (await Service(s).PauseAsync(Job, Token)).Status)),
            ["JobService.Resume"] = new(WithPausedJob, Give(async s => (await Service(s).ResumeAsync(Job, Token)).Status)),
            ["JobService.Cancel"] = new(WithJob, Give(async s => (await Service(s).CancelAsync(Job, Token)).Status)),
            ["JobService.Fail"] = new(WithJob, Give(async s => (await Service(s).FailAsync(Job, "why", Token)).Reason)),
            ["JobService.Tend"] = new(WithJob, Give(async s => (await Service(s).TendAsync(Token)).Count)),
            ["RunningJobs.Include"] = new(WithPausedJob, Give(async s => await new RunningJobs(Jobs(s), Clock).IsActiveAsync(Job, Token))),

            ["AlertStore.Get"] = new(WithAlerts, Give(async s => (await Alerts(s).GetAsync("line1", Token)).Horizon)),
            ["AlertStore.Change"] = new(
                WithAlerts,
                Give(async s => (await Alerts(s).ChangeAsync("line1", state => state with { Horizon = Noon.AddDays(1) }, Token)).Horizon)
            ),
            ["AlertStore.Change a new one"] = new(
                Nothing,
                Give(async s => (await Alerts(s).ChangeAsync("line2", state => state with { Horizon = Noon }, Token)).Horizon)
            ),
            ["AlertStore.Undelivered"] = new(
                WithAlerts,
                Give(async s => (await Alerts(s).UndeliveredAsync(Token).ToListAsync(Token)).Count)
            ),
            ["AlertStore.Open"] = new(WithAlerts, Give(async s => (await Alerts(s).OpenAsync(Token).ToListAsync(Token)).Count)),
            ["CameraWatch.Run"] = new(
                WithSilence,
                Give(async s =>
                {
                    using WatchedCameras worker = new(s, Clock);
                    await worker.WatchAsync();
                    return (await Alerts(s).GetAsync("line1", Token)).Silence?.Id;
                })
            ),
            ["QueueAlertSink.Reserve"] = new(Nothing, Give(async s => (await new QueueAlertSink(s, Clock).ReserveAsync(2, Token)).Count)),

            ["FeatureStore.Add"] = new(Nothing, Do(WithFeature)),
            ["FeatureStore.Add beside another"] = new(WithFeature, Do(WithFeature)),
            ["FeatureStore.Find"] = new(WithFeature, Give(async s => (await Features(s).FindAsync(Model, Seen.Version, Token))?.Frame)),
            ["FeatureStore.Find absent"] = new(Nothing, Give(async s => (await Features(s).FindAsync(Model, Seen.Version, Token))?.Length)),
            ["FeatureStore.Read"] = new(WithFeature, Give(async s => (await Features(s).ReadAsync(Model, [Seen], 2, Token))[0]?.Sum())),
            ["TimelineStore.Add"] = new(Nothing, Do(WithTimeline)),
            ["TimelineStore.Add beside another"] = new(WithTimeline, Do(WithTimeline)),
            ["TimelineStore.Read"] = new(WithTimeline, Give(async s => (await new TimelineStore(s).ReadAsync(Line, Token))?.ToJson())),
            ["EventStore.Change"] = new(s => WindowsAsync(s, 1), Give(async s => (await WindowsAsync(s, 2)).Windows[0].Frames.Count)),
            ["EventStore.Change a new one"] = new(Nothing, Give(async s => (await WindowsAsync(s, 1)).Windows[0].Frames.Count)),
            ["EventStore.Get"] = new(s => WindowsAsync(s, 1), Give(async s => (await Events(s).GetAsync("line1", Token)).Windows.Count)),
            ["EventStore.Ending"] = new(
                s => WindowsAsync(s, 1),
                Give(async s => string.Join(' ', await Events(s).EndingAsync(Noon.AddDays(1), Token).ToListAsync(Token)))
            ),

            ["CameraProfiles.Get"] = new(
                WithConfig,
                Give(async s =>
                {
                    using CameraProfiles cameras = new(s, Options.Create(new CamerasOptions()), Clock, NullLogger<CameraProfiles>.Instance);
                    return string.Join(' ', (await cameras.GetAsync(Token)).Names);
                })
            ),
            ["CameraReferences.Store"] = new(Nothing, Give(s => WithReferencesAsync(s))),
            ["CameraReferences.Store over others"] = new(s => WithReferencesAsync(s, images: 2), Give(s => WithReferencesAsync(s))),
            ["CameraReferences.Find"] = new(
                s => WithReferencesAsync(s),
                Give(async s =>
                {
                    ModelManifest model = ModelPackage.Open(TinyPackage.Random()).Manifest;
                    using CameraReferences cameras = new(
                        s,
                        Options.Create(new CamerasOptions()),
                        Clock,
                        NullLogger<CameraReferences>.Instance
                    );
                    CameraReference? found = await cameras.FindAsync("line1", model, "bottle", null, Token);
                    return $"{found?.Patches?.Sha256} {found?.Unused} {await cameras.FindAsync("line2", model, "bottle", null, Token)}";
                })
            ),
            ["ModelRolesStore.Get"] = new(
                WithConfig,
                Give(async s => (await Use(Choice(s), choice => choice.GetAsync(Token).AsTask())).Live)
            ),
            ["ModelRolesStore.Promote"] = new(
                WithConfig,
                Give(async s => (await Use(Choice(s), choice => choice.PromoteAsync("b@2", "tester", cancellation: Token))).Live)
            ),
            ["ModelRolesStore.Promote for the first time"] = new(
                Nothing,
                Give(async s => (await Use(Choice(s), choice => choice.PromoteAsync("b@2", "tester", cancellation: Token))).Live)
            ),
            ["ModelRolesStore.Shadow"] = new(
                WithConfig,
                Give(async s => (await Use(Choice(s), choice => choice.ShadowAsync("b@2", 0.5, cancellation: Token))).Shadow?.Model)
            ),

            ["AuditStore.Add"] = new(
                Nothing,
                Give(async s =>
                {
                    await new AuditStore(s).AddAsync(Job, Model, Measured(), Token);
                    return "added";
                })
            ),
            ["AuditStore.Read"] = new(
                WithAudit,
                Give(async s => (await new AuditStore(s).ReadAsync(Job, Model, Measured().Version, Token))?.Word)
            ),
            ["AuditStore.Exists"] = new(WithAudit, Give(s => new AuditStore(s).ExistsAsync(Job, Model, Measured().Version, Token))),
            ["AuditStore.WritePage"] = new(
                Nothing,
                Give(async s =>
                {
                    await new AuditStore(s).WritePageAsync(Job, 0, [Measured()], Token);
                    return "written";
                })
            ),
            ["AuditStore.Pages"] = new(
                WithAudit,
                Give(async s => string.Join(' ', await new AuditStore(s).PagesAsync(Job, Token).Select(i => i.Image).ToListAsync(Token)))
            ),

            ["ModelTrust.Require"] = new(
                WithTrust,
                Give(async s =>
                {
                    await Trust(s, trust => trust.RequireAsync("a@1", new string('a', 64), Token));
                    return "accepted";
                })
            ),
            ["ModelTrust.Add"] = new(
                WithTrust,
                Give(async s =>
                {
                    TrustedModels list = new() { Models = [] };
                    await Trust(s, async trust => list = await trust.AddAsync([new TrustedModel("b@2", new string('b', 64))], Token));
                    return string.Join(' ', list.Models.Select(m => m.Model));
                })
            ),
            ["ModelTrust.Remove"] = new(
                WithTrust,
                Give(async s =>
                {
                    TrustedModels? list = null;
                    await Trust(s, async trust => list = await trust.RemoveAsync([new string('a', 64)], Token));
                    return string.Join(' ', list!.Models.Select(m => m.Model)); // not null: there is a list
                })
            ),
            ["ModelTrust.Clear"] = new(
                WithTrust,
                Give(async s =>
                {
                    await Trust(s, trust => trust.ClearAsync(Token));
                    return "cleared";
                })
            ),

            ["ModelRepository.Publish"] = new(Nothing, Give(s => Repository(s).PublishAsync(TinyPackage.Random(), cancellation: Token))),
            ["ModelRepository.Exists"] = new(WithModel, Give(s => Repository(s).ExistsAsync(ModelId, Token))),
            ["ModelRepository.Hash"] = new(WithModel, Give(async s => (await Repository(s).HashAsync(ModelId, Token))?[..8])),
            ["ModelRepository.List"] = new(WithModel, Give(async s => string.Join(' ', await Repository(s).ListAsync(Token)))),
            ["ModelRepository.Fetch"] = new(WithModel, Give(async s => Files(await Repository(s).FetchAsync(ModelId, again: true, Token)))),
        };

    /// <summary>
    /// What lies in storage: names and contents, without versions and times that differ from run to run. Messages count once.
    /// </summary>
    public static async Task<string> LiesInAsync(StorageClients storage)
    {
        StringBuilder there = new();
        foreach (string container in ContainerNames.All)
        await foreach (var blob in storage.Container(container).GetBlobsAsync(cancellationToken: Token))
        {
            BinaryData content = (await storage.Container(container).GetBlobClient(blob.Name).DownloadContentAsync(Token)).Value.Content;
            there.Append(
                CultureInfo.InvariantCulture,
                $"{container}/{blob.Name}: {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content))}\n"
            );
        }

        foreach (string queue in QueueNames.All)
        foreach (
            string text in (await storage.Queue(queue).PeekMessagesAsync(32, Token))
                .Value.Select(m => m.Body.ToString())
                .Distinct()
                .Order(StringComparer.Ordinal)
        )
            there.Append(CultureInfo.InvariantCulture, $"{queue}: {text}\n");
        await foreach (ResultRow row in new ResultIndex(storage).QueryAsync(new ResultQuery(), Token))
            there.Append(CultureInfo.InvariantCulture, $"row {row}\n");
        await foreach (ResultRow row in new ResultIndex(storage).QueryAsync(new ResultQuery { Verdicts = [Verdict.Failed] }, Token))
            there.Append(CultureInfo.InvariantCulture, $"fleet row {row}\n");
        foreach (string row in await CountedResults.StoredAsync(storage, Token))
            there.Append(CultureInfo.InvariantCulture, $"counts {row}\n");
        return there.ToString();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string ModelId => ModelPackage.Open(TinyPackage.Random()).Manifest.Id;

    private static Func<StorageClients, Task<object?>> Do(Func<StorageClients, Task> run) =>
        async storage =>
        {
            await run(storage);
            return "done";
        };

    private static Func<StorageClients, Task<object?>> Give<T>(Func<StorageClients, Task<T>> run) => async storage => await run(storage);

    private static async Task<TResult> Use<T, TResult>(T disposable, Func<T, Task<TResult>> run)
        where T : IDisposable
    {
        using (disposable)
            return await run(disposable);
    }

    private static Task Nothing(StorageClients storage) => Task.CompletedTask;

    private static async Task WithResults(StorageClients storage)
    {
        await Results(storage).WriteAsync(Document(), Token);
        await Results(storage).WriteAsync(Document("0x2", 1), Token);
    }

    private static async Task WithJob(StorageClients storage)
    {
        Assert.True(await Jobs(storage).TryWriteAsync(NewJob(), null, Token));
        await Jobs(storage).AddPageAsync(Job, 7, Page(), Token);
        await Jobs(storage).WriteFlipsAsync(Job, 7, [], Token);
        await Jobs(storage).WriteReportAsync(Job, "report.html", [1, 2, 3], "text/html", Token);
    }

    private static async Task WithPausedJob(StorageClients storage)
    {
        await WithJob(storage);
        await Service(storage).PauseAsync(Job, Token);
    }

    private static async Task WithAlerts(StorageClients storage) =>
        await Alerts(storage).ChangeAsync("line1", state => state with { Horizon = Noon }, Token);

    private static Task WithSilence(StorageClients storage) => WatchedCameras.SendsUntilAsync(storage, "line1", Noon.AddHours(-1));

    private static async Task WithConfig(StorageClients storage)
    {
        await storage
            .Container(ContainerNames.Config)
            .GetBlobClient(CameraProfiles.Blob)
            .UploadAsync(BinaryData.FromString("""{ "schemaVersion": 1, "cameras": { "line1": { "class": "bottle" } } }"""), Token);
        await Use(Choice(storage), choice => choice.PromoteAsync("a@1", "tester", cancellation: Token));
    }

    private static async Task<string> WithReferencesAsync(StorageClients storage, int images = 1)
    {
        using ScratchFolder folder = new();
        ReferencePatches patches = References.Made(ModelPackage.Open(TinyPackage.Random()).Manifest, images);
        string file = Path.Combine(folder.Path, "references.safetensors");
        patches.Write(file);
        return await CameraReferences.StoreAsync(storage, "line1", patches.Model, file, Token);
    }

    private static async Task WithModel(StorageClients storage) =>
        await Repository(storage).PublishAsync(TinyPackage.Random(), cancellation: Token);

    private static ResultStore Results(StorageClients storage) => new(storage);

    private static JobStore Jobs(StorageClients storage) => new(storage, Clock);

    // Written before
    private static async Task<ETag> JobETagAsync(StorageClients storage) => (await Jobs(storage).ReadAsync(Job, Token))!.ETag;

    private static JobService Service(StorageClients storage) => new(storage, Jobs(storage), Repository(storage), Clock);

    private static AlertStore Alerts(StorageClients storage) => new(storage, TimeProvider.System); // it waits between its tries

    private static AuditedImage Measured() =>
        new(Image, "0x1", AuditedImage.Audited, new Rises(0.5, 0.1, new ImageCell(0, 0, 4, 4), 0.2, "mean"));

    private static async Task WithAudit(StorageClients storage)
    {
        AuditStore audits = new(storage);
        await audits.AddAsync(Job, Model, Measured(), Token);
        await audits.WritePageAsync(Job, 0, [Measured()], Token);
    }

    private static async Task WithTrust(StorageClients storage) =>
        await Trust(storage, trust => trust.AddAsync([new TrustedModel("a@1", new string('a', 64))], Token));

    private static async Task Trust(StorageClients storage, Func<ModelTrust, Task> use)
    {
        using ModelRolesStore choice = Choice(storage);
        using ModelTrust trust = new(storage, choice, Options.Create(new ModelOptions()), Clock, NullLogger<ModelTrust>.Instance);
        await use(trust);
    }

    private static ModelRolesStore Choice(StorageClients storage) =>
        new(storage, Options.Create(new ModelOptions()), Clock, NullLogger<ModelRolesStore>.Instance);

    private static ModelRepository Repository(StorageClients storage) =>
        new(
            storage,
            Options.Create(new ModelOptions { Cache = Path.Combine(TinyPackage.Cache, "fetched", storage.NameOf("")) }),
            NullLogger<ModelRepository>.Instance
        );

    private static string Files(string folder) =>
        string.Join(
            ' ',
            Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(file => $"{Path.GetFileName(file)}:{new FileInfo(file).Length}")
                .Order(StringComparer.Ordinal)
        );

    private static Job NewJob() =>
        new()
        {
            Id = Job,
            Request = Request(),
            CreatedAt = Noon,
            UpdatedAt = Noon,
        };

    private static RescoreRequest Request() =>
        new()
        {
            Id = Job,
            Model = Model,
            Against = "older@1",
            To = Noon,
        };

    private static JobPage Page() => new([], null);

    private static FailedMessage Failed() =>
        new()
        {
            Queue = QueueNames.Score,
            Reason = "why",
            RecordedAt = Noon,
            Body = "{}",
        };

    private static ResultDocument Document(string etag = "0x1", int minutes = 0) =>
        new()
        {
            Image = new ImagePart
            {
                Name = Image,
                ETag = etag,
                Camera = "line1",
                ObjectClass = "bottle",
            },
            Model = new ModelPart("tiny", "1", null, null, null),
            Score = new ScorePart(Verdict.Failed),
            Timings = new TimingsPart(),
            Failure = new FailurePart("damaged", "It is damaged."),
            ScoredAt = Noon.AddMinutes(minutes),
        };

    private static FeatureStore Features(StorageClients storage) => new(storage);

    private static EventStore Events(StorageClients storage) => new(storage, Clock);

    private static Task WithFeature(StorageClients storage) => Features(storage).AddAsync(Model, 4, Seen, [1, 2], Token);

    private static Task WithTimeline(StorageClients storage) =>
        new TimelineStore(storage).AddAsync(
            Line,
            new TimelineDocument
            {
                SchemaVersion = TimelineDocument.CurrentSchema,
                Model = Model,
                Classes = ["normal", "jam"],
                Score = EventScore.Binary,
                Threshold = null,
                MinSeconds = 2,
                SnippetSeconds = 1,
                Length = 4,
                Lengths = [1],
                P1 = [0.5],
                P2 = [0.5],
                ClassProbabilities =
                [
                    [0.5, 0.5],
                ],
                Events = [],
            },
            Token
        );

    private static Task<EventState> WindowsAsync(StorageClients storage, int frames) =>
        Events(storage)
            .ChangeAsync(
                "line1",
                before =>
                    Enumerable
                        .Range(0, frames)
                        .Aggregate(
                            before,
                            (state, i) =>
                                EventMachine.Add(state, new CameraEvents("vad@1", 1), 4, Seen with { Time = Noon.AddSeconds(i) }, out _)
                        ),
                Token
            );

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Noon;
    }

    private static Review Review(int number) =>
        new()
        {
            Id = new Guid(number, 0, 0, new byte[8]),
            Camera = "line1",
            Image = Image,
            ETag = "0x1",
            Cursor = ResultRow.Of(Document()).Cursor,
            Verdict = ReviewVerdict.Fine,
        };

    private static async Task<string> ReviewsAsync(StorageClients storage, params Review[] reviews)
    {
        ReviewStore store = new(storage, Clock);
        await store.AddAsync(reviews, "kim", Token);
        return string.Join(' ', (await store.HistoryAsync(reviews[0].Cursor, Token)).Select(r => r.Id).Order());
    }

    private static async Task<string> EditAsync(StorageClients storage, string threshold)
    {
        ProfileEditor editor = new(storage, Clock);
        await editor.ChangeAsync(
            "line1",
            JsonNode.Parse($$"""{ "threshold": {{threshold}} }"""),
            (await editor.ReadAsync(Token)).ETag,
            "kim",
            Token
        );
        return await TellAsync(editor);
    }

    // A change that was stored without an answer is none when it is made again: tell what is there, not what changed.
    private static async Task<string> TellAsync(ProfileEditor editor) =>
        FormattableString.Invariant(
            $"{(await editor.ReadAsync(Token)).Find("line1")?.Threshold}; {(await editor.HistoryAsync(Token)).Count} versions"
        );
}
