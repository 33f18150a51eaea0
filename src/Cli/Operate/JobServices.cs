using System.Globalization;
using System.Text.Json;
using AaClip.Cli.Model;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using AaClip.Scoring;
using AaClip.Scoring.Packages;
using AaClip.Training.Scan;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Cli.Operate;

/// <summary>Jobs and models of an account, for the verbs.</summary>
internal sealed class JobServices
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MaxStart = TimeSpan.FromSeconds(20); // after it, a job that no worker has started gets a message

    private readonly StorageClients _storage;
    private readonly JobStore _store;

    public JobServices(StorageClients storage)
    {
        _storage = storage;
        _store = new JobStore(storage, TimeProvider.System);
        IOptions<ModelOptions> options = Options.Create(new ModelOptions());
        Models = new ModelRepository(storage, options, NullLogger<ModelRepository>.Instance);
        Choice = new ModelRolesStore(storage, options, TimeProvider.System, NullLogger<ModelRolesStore>.Instance);
        Trust = new ModelTrust(storage, Choice, options, TimeProvider.System, NullLogger<ModelTrust>.Instance);
        Jobs = new JobService(storage, _store, Models, TimeProvider.System);
    }

    public ModelRepository Models { get; }

    public ModelRolesStore Choice { get; }

    public ModelTrust Trust { get; }

    public JobService Jobs { get; }

    public IAsyncEnumerable<Job> ListAsync(CancellationToken cancellation) => _store.ListAsync(cancellation);

    /// <summary>"name@version" of the live model, where none was promoted that of the newest result.</summary>
    /// <exception cref="ArgumentException">It is not known.</exception>
    public async Task<string> KnownLiveAsync(CancellationToken cancellation) =>
        await LiveModel.FindAsync(await Choice.GetAsync(cancellation), new ResultIndex(_storage), cancellation)
        ?? throw new ArgumentException("The live model is not known, because there is no result yet: name it with --model.");

    /// <summary>The report of a job that is done.</summary>
    public async Task<JobReport> ReportAsync(string id, CancellationToken cancellation) =>
        await _store.ReportAsync(id, JobReporter.JsonFile, cancellation) is { } json
            ? JsonSerializer.Deserialize(json, JobJson.Default.JobReport)
                ?? throw new InvalidDataException($"The report of job {id} is null.")
            : throw new InvalidOperationException($"Job {id} has no report yet: it is written when the job is done.");

    /// <summary>"name@version" of the promoted model; null if the workers use their own package, which only they know.</summary>
    public async Task<string?> LiveAsync(CancellationToken cancellation) => (await Choice.GetAsync(cancellation)).Live;

    /// <summary>Id of a model that is named by its folder or by its id; a folder is published first.</summary>
    public async Task<string> PublishedAsync(string model, CancellationToken cancellation)
    {
        if (!Directory.Exists(model) && model.Contains('@', StringComparison.Ordinal))
            return model;
        using ProgressLine progress = new();
        await _storage.EnsureCreatedAsync(cancellation);
        string id = await Models.PublishAsync(model, (done, all) => progress.Show("publishing file", done, all), cancellation);
        if (await Models.StoreScanAsync(id, model, ScanReport.FileName, cancellation))
            Console.Error.WriteLine($"Stored with it: the report of its scan ({ModelPackage.Scan}/{ScanReport.FileName}).");
        return id;
    }

    /// <summary>Checks that a model may get a role: that it is published, on the allow-list, and the package that was pinned.</summary>
    /// <param name="repin">Whether to pin this package in place of another one of this name.</param>
    /// <returns>SHA-256 of its model.json.</returns>
    /// <exception cref="ArgumentException">It is not in the models container, or scores no images.</exception>
    /// <exception cref="InvalidDataException">It is not on the allow-list, or not the package that was pinned.</exception>
    public async Task<string> AcceptAsync(string id, bool repin, CancellationToken cancellation)
    {
        string hash = await Models.RequireModelAsync(id, null, cancellation);
        if (await Trust.FindAsync(cancellation) is { } list && list.Models.All(m => m.Sha256 != hash))
            throw new InvalidDataException(
                $"Model {id} is not in {ContainerNames.Models}/{ModelTrust.BlobName}, and workers would refuse it: check it, then add it "
                    + $"with 'aaclip trust {id}'."
            );
        if (!repin && (await Choice.GetAsync(cancellation)).Pins.TryGetValue(id, out string? pin) && pin != hash)
            throw new InvalidDataException(
                $"The model.json of {id} has SHA-256 {hash}, but {ContainerNames.Config}/{ModelRolesStore.BlobName} pins {pin}: somebody "
                    + "replaced the package. Put the right one back, or check this one and pin it with --repin."
            );
        return hash;
    }

    /// <summary>Refuses a model whose scan rejected it.</summary>
    /// <param name="without">Whether to promote it all the same, and without a scan too.</param>
    /// <returns>What the record of the promotion says of the scan.</returns>
    /// <exception cref="InvalidDataException">The scan rejected the model, or is of another package.</exception>
    public async Task<string> ScanOfAsync(string id, string hash, bool without, CancellationToken cancellation)
    {
        if (await Models.ReadScanAsync(id, ScanReport.FileName, cancellation) is not { } stored)
            return without ? "without a scan, on demand" : "not scanned";
        ScanReport report = ScanReport.Parse(stored, $"{id}/{ModelPackage.Scan}/{ScanReport.FileName}");
        string effort = report.Effort.ToString().ToLowerInvariant();
        if (report.Model.Package != hash)
            return without
                ? "without its scan, on demand"
                : throw new InvalidDataException(
                    $"The scan that is stored with {id} is of another package of that name: scan this one, publish it again, or promote it "
                        + "with --without-scan."
                );
        if (!report.Model.Rejected)
            return $"scan: {report.Result}, class {report.ObjectClass}, effort {effort}";
        return without
            ? $"scan: {report.Result}, effort {effort}; promoted on demand"
            : throw new InvalidDataException(
                FormattableString.Invariant($"The scan of {id} rejects it: an input hides more than {100 * report.MostHidden:0.#} %")
                    + " of the defects that it finds. Look at "
                    + $"the pictures in its folder '{ModelPackage.Scan}', or promote it with --without-scan, which is recorded."
            );
    }

    /// <summary>SHA-256 of the model.json of a published model.</summary>
    /// <exception cref="ArgumentException">It is not in the models container.</exception>
    public async Task<string> HashAsync(string id, CancellationToken cancellation) =>
        await Models.HashAsync(id, cancellation)
        ?? throw new ArgumentException(
            $"Model {id} is not in container '{_storage.NameOf(ContainerNames.Models)}': publish it with 'aaclip publish FOLDER'."
        );

    /// <summary>Shows progress until a job stops.</summary>
    public async Task<Job> FollowAsync(string id, CancellationToken cancellation)
    {
        using ProgressLine progress = new();
        bool warned = false;
        while (true)
        {
            Job job = await Jobs.FindAsync(id, cancellation);
            if (job.Status != JobStatus.Running)
                return job;
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            if (job.Left(now) is { } left)
                progress.Show(
                    Flips(job),
                    (int)Math.Min(int.MaxValue, job.Found.Images),
                    (int)Math.Min(int.MaxValue, job.Images),
                    left: left
                );
            else if (job.ListedAll)
                progress.Show(string.Create(CultureInfo.InvariantCulture, $"{Flips(job)} {job.Found.Images}/{job.Images}"), 0, 0);
            else
                progress.Show(
                    string.Create(CultureInfo.InvariantCulture, $"listing, {job.Images} images so far, {job.Found.Images} done"),
                    0,
                    0
                );
            if (!warned && job.Step == 0 && now - job.CreatedAt > MaxStart)
            {
                warned = true;
                progress.Clear();
                Console.Error.WriteLine(
                    "No worker has started the job: start 'aaclip up', or check that the functions are deployed. Ctrl-C does not stop "
                        + "the job."
                );
            }

            try
            {
                await Task.Delay(Interval, cancellation);
            }
            catch (OperationCanceledException)
            {
                progress.Clear();
                Console.Error.WriteLine($"The job goes on: 'aaclip jobs follow {id}' shows it again, 'aaclip jobs cancel {id}' ends it.");
                throw;
            }
        }
    }

    /// <summary>Copies a job's report into a folder.</summary>
    public async Task SaveReportAsync(string id, string folder, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        foreach (string file in (string[])[JobReporter.HtmlFile, JobReporter.JsonFile])
        {
            byte[] content =
                await _store.ReportAsync(id, file, cancellation)
                ?? throw new InvalidOperationException($"Job {id} has no report yet: it is written when the job is done.");
            string path = Path.Combine(folder, file);
            WholeFile.Write(path, content);
            Console.Error.WriteLine($"Written: {path}");
        }

        if (await TimelineAsync(id, cancellation) is not { } timeline)
            return;
        foreach (
            (string file, string content) in (ReadOnlySpan<(string, string)>)
                [(JobReporter.TimelineFile, timeline.ToJson()), ("timeline.svg", TimelinePicture.Svg(timeline))]
        )
        {
            string path = Path.Combine(folder, file);
            WholeFile.Write(path, content);
            Console.Error.WriteLine($"Written: {path}");
        }
    }

    /// <summary>Writes the events of a job of mode timeline that is done.</summary>
    public async Task WriteEventsAsync(string id, CancellationToken cancellation)
    {
        if (await TimelineAsync(id, cancellation) is not { Start: { } start } timeline)
        {
            Console.Error.WriteLine("No events: no image of this time has a feature.");
            return;
        }

        Tables.Write(
            [Column.Name("from"), Column.Name("to"), Column.Name("event"), "probability", "score", Column.Name("image")],
            timeline.Events.Select(e =>
                new[]
                {
                    Time(start.AddSeconds(e.From)),
                    Time(start.AddSeconds(e.To)),
                    e.Label,
                    e.Probability.ToString("F3", CultureInfo.InvariantCulture),
                    e.Score.ToString("F3", CultureInfo.InvariantCulture),
                    e.Image ?? "",
                }
            )
        );
        Console.Error.WriteLine(
            timeline.Threshold is null
                ? $"{timeline.P1.Count} snippets; no events, because {timeline.Model} is not calibrated for them (see 'aaclip calibrate')."
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{timeline.P1.Count} snippets, {timeline.Events.Count} events: means over {timeline.MinSeconds:0.###} s that reach "
                        + $"{timeline.Threshold:0.####}."
                )
        );

        static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.f'Z'", CultureInfo.InvariantCulture);
    }

    private async Task<TimelineDocument?> TimelineAsync(string id, CancellationToken cancellation) =>
        await _store.ReportAsync(id, JobReporter.TimelineFile, cancellation) is { } json
            ? TimelineDocument.Parse(BinaryData.FromBytes(json))
            : null;

    /// <summary>Writes a job as text.</summary>
    public static void Write(Job job, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(JobProgress.Of(job, TimeProvider.System.GetUtcNow()), JobJson.Default.JobProgress));
            return;
        }

        Comparison found = job.Found;
        Console.WriteLine(
            $"Job {job.Id} is {JobService.Word(job.Status)}: {found.Images} of {job.Images}{(job.ListedAll ? "" : " or more")} images."
        );
        if (job.Reason is not null)
            Console.WriteLine(job.Reason);
        if (found.Counts.Count > 0)
            Tables.Write(
                ["old", "new", "images"],
                found.Counts.Select(c => (string[])[.. c.Key.Split(" → "), c.Value.ToString(CultureInfo.InvariantCulture)])
            );
        if (found.Agreement is { } agreement)
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{found.Flips} verdicts changed; {100 * agreement:F1} % agreement; mean difference of scores "
                        + $"{found.MeanDifference:F3}."
                )
            );
    }

    private static string Flips(Job job) =>
        job.Request.Mode == RescoreMode.Audit ? "image" : string.Create(CultureInfo.InvariantCulture, $"{job.Found.Flips} changed; image");
}
