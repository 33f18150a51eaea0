using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Tests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Functions.Tests.Http;

/// <summary>What readiness and liveness probes see of the model.</summary>
public sealed class ModelHealthTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly RgbImage Grey = new(8, 8, new byte[3 * 8 * 8]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_process_loads_its_model_at_start_unless_it_is_told_not_to_and_is_well_either_way(bool load)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await using ModelHost models = pipeline.Host(TinyPackage.Random(), load: load);
        using ModelWarmup warmup = new(models, TimeProvider.System);

        await warmup.StartAsync(Cancellation);
        await warmup.ExecuteTask!; // set by StartAsync

        Assert.Equal(load, models.State.Loaded);
        Assert.Equal((200, 200), await ProbesAsync(pipeline, models));
        Assert.Equal(pipeline.Models.OwnId, await models.LiveIdAsync(Cancellation)); // all that the router asks of it
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_is_said_at_once_and_is_dead_when_that_lasts()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        await using ModelHost models = pipeline.Host("/nowhere", time);
        Assert.Equal((503, 200), await ProbesAsync(pipeline, models)); // not loaded yet

        using ModelWarmup warmup = new(models, time);
        await warmup.StartAsync(Cancellation);
        await Eventually.HappensAsync(() => models.State.Note?.Contains("/nowhere", StringComparison.Ordinal) == true);
        (int, int) atOnce = await ProbesAsync(pipeline, models);
        time.Advance(TimeSpan.FromMinutes(3)); // and it goes on trying
        (int, int) later = await ProbesAsync(pipeline, models);
        await warmup.StopAsync(Cancellation);

        Assert.Equal(((503, 200), (503, 503)), (atOnce, later));
        Assert.Contains("/nowhere", Alive(pipeline, models).Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_comes_later_is_loaded_without_a_new_process_and_without_an_image()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string path = Path.Combine(Directory.CreateTempSubdirectory("aaclip-late-").FullName, "model");
        await using ModelHost models = pipeline.Host(path);
        using ModelWarmup warmup = new(models, TimeProvider.System);
        await warmup.StartAsync(Cancellation);
        await Eventually.HappensAsync(() => models.State.Note?.Contains(path, StringComparison.Ordinal) == true);

        Directory.CreateSymbolicLink(path, TinyPackage.Random());
        await Eventually.HappensAsync(() => models.State.Loaded);

        Assert.Equal((200, 200), await ProbesAsync(pipeline, models));
    }

    [Fact]
    public async Task Storage_that_does_not_answer_is_no_reason_to_start_anew()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.Models.LiveAsync(Cancellation);
        await pipeline.Storage.Container("images").DeleteAsync(cancellationToken: Cancellation);

        Assert.Equal((503, 200), await ProbesAsync(pipeline, pipeline.Models));
    }

    [Fact]
    public async Task Three_failed_runs_without_a_good_one_are_said_are_a_dead_model_when_that_lasts_and_a_good_one_revives_it()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        await using ModelHost models = pipeline.Host(TinyPackage.Random(), time);
        LoadedModel model = await models.LiveAsync(Cancellation);
        await RunAsync(model, failing: 2);
        (int, int) before = await ProbesAsync(pipeline, models);
        await RunAsync(model, failing: 1);
        (int, int) three = await ProbesAsync(pipeline, models);

        time.Advance(TimeSpan.FromMinutes(3));
        (int, int) dead = await ProbesAsync(pipeline, models);
        string? reason = Alive(pipeline, models).Content;
        await RunAsync(model, failing: 0);

        Assert.Equal(((200, 200), (503, 200), (503, 503)), (before, three, dead));
        Assert.Contains("The last 3 runs failed: Anchors have 1 values", reason, StringComparison.Ordinal);
        Assert.Equal((200, 200), await ProbesAsync(pipeline, models));
    }

    [Fact]
    public async Task A_run_that_does_not_end_is_a_dead_model()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        Clock clock = new();
        await using ModelHost models = pipeline.Host(TinyPackage.Random(), clock);
        LoadedModel model = await models.LiveAsync(Cancellation);
        List<ModelState> during = [];
        clock.Late = () => during.Add(models.State);

        await RunAsync(model, failing: 0);
        clock.Late = null;

        Assert.Contains(during, s => s.Dead && s.Note == "A run has not ended for 6 minutes.");
        Assert.False(models.State.Dead);
    }

    [Fact]
    public async Task A_class_that_the_package_is_not_calibrated_for_is_named_by_health_and_the_result()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TinyPackage.Recalibrated(0.5, "cork board"));
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());

        ResultDocument? known = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag, objectClass: "Cork_board"));
        IReadOnlyList<string>? before = pipeline.Models.State.Uncalibrated;
        ResultDocument? unknown = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag, objectClass: "cork-board"));
        IActionResult health = await pipeline.Health(pipeline.Models).Run(new DefaultHttpContext().Request, Cancellation);

        Assert.Null(known?.Score.Calibration);
        Assert.Null(before);
        Assert.Equal("neutral", unknown?.Score.Calibration);
        ContentResult told = Assert.IsType<ContentResult>(health);
        Assert.Contains("\"uncalibrated\":[\"cork-board\"]", told.Content, StringComparison.Ordinal);
        Assert.True(pipeline.Models.State.Loaded); // images are scored
        LoadedModel model = await pipeline.Models.LiveAsync(Cancellation);
        Assert.Null(model.NoteCalibrationGap("cork-board")); // it was said once
        Assert.Contains("no calibration for 'can', only for 'cork board'", model.NoteCalibrationGap("can"), StringComparison.Ordinal);
    }

    // Anchors of the wrong length stand for any run that fails.
    private static async Task RunAsync(LoadedModel model, int failing)
    {
        for (int i = 0; i < failing; i++)
            await Assert.ThrowsAsync<ArgumentException>(() => model.ScoreAsync(Grey, [1], Domain.Industrial, urgent: true, Cancellation));
        if (failing == 0)
            await model.ScoreAsync(Grey, model.AnchorsOf("bottle"), Domain.Industrial, urgent: true, Cancellation);
    }

    private static async Task<(int Ready, int Alive)> ProbesAsync(TestPipeline pipeline, ModelHost models)
    {
        IActionResult ready = await pipeline.Health(models).Run(new DefaultHttpContext().Request, Cancellation);
        return (Assert.IsType<ContentResult>(ready).StatusCode ?? 0, Alive(pipeline, models).StatusCode ?? 0);
    }

    private static ContentResult Alive(TestPipeline pipeline, ModelHost models) =>
        Assert.IsType<ContentResult>(pipeline.Health(models).Alive(new DefaultHttpContext().Request));

    /// <summary>A clock that, while a run is measured, stands at its beginning first and six minutes later from then on.</summary>
    private sealed class Clock : TimeProvider
    {
        private int _asked;

        /// <summary>Called when the six minutes have passed, while the run has not ended.</summary>
        public Action? Late { get; set; }

        public override long GetTimestamp()
        {
            if (Late is not { } late)
                return 1;
            bool elapsed = Interlocked.Increment(ref _asked) > 1;
            if (elapsed && _asked == 2) // the end of the run; later calls come from within
                late();
            return elapsed ? 1 + 6 * 60 * TimestampFrequency : 1;
        }
    }
}
