using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Failures;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Maps;
using AaClip.Tests;
using Json.Schema;

namespace AaClip.Pipeline.Tests.Results;

public class ResultStoreTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_that_was_given_up_is_kept_under_the_hash_of_its_text()
    {
        ResultStore store = new(await azurite.NewAsync());

        string name = await store.WriteFailedAsync(
            new FailedMessage
            {
                Queue = "score",
                Reason = "It failed.",
                RecordedAt = Noon,
                Body = """{"image":"ä"}""",
            },
            Cancellation
        );

        Assert.Equal("failed/score/2cd77e75b4c78e69426100bcb93af9b3.json", name);
    }

    [Fact]
    public async Task A_result_is_read_as_it_was_written()
    {
        ResultStore store = new(await azurite.NewAsync());
        ResultDocument result = Scored("c/a.jpg", "0x1", Noon);

        string name = await store.WriteAsync(result, Cancellation);
        ResultDocument? read = await store.ReadAsync(name, Cancellation);

        Assert.Equal("tiny@1/c/a.jpg/0x1.json", name);
        Assert.Equal(Json(result), Json(read!)); // not null, or the next line would say so
    }

    [Fact]
    public async Task Writing_twice_leaves_one_result()
    {
        ResultStore store = new(await azurite.NewAsync());

        await store.WriteAsync(Scored("c/a.jpg", "0x1", Noon), Cancellation);
        await store.WriteAsync(Scored("c/a.jpg", "0x1", Noon.AddSeconds(1)), Cancellation);

        ResultSummary? there = await store.SummaryAsync("tiny@1", new ImageVersion("c/a.jpg", "0x1"), Cancellation);
        Assert.Equal(Noon.AddSeconds(1), there?.Time);
    }

    [Fact]
    public async Task Adding_never_replaces()
    {
        ResultStore store = new(await azurite.NewAsync());
        await store.WriteAsync(Scored("c/a.jpg", "0x1", Noon), Cancellation);

        bool added = await store.TryAddAsync(Failed("c/a.jpg", "0x1", Noon), Cancellation);
        bool addedElsewhere = await store.TryAddAsync(Failed("c/a.jpg", "0x2", Noon), Cancellation);

        Assert.Equal((false, true), (added, addedElsewhere));
        Assert.Equal(Verdict.Anomalous, (await store.ReadAsync("tiny@1/c/a.jpg/0x1.json", Cancellation))?.Score.Verdict);
    }

    [Fact]
    public async Task A_failure_of_a_job_takes_the_place_of_one_from_elsewhere_and_of_nothing_else()
    {
        ResultStore store = new(await azurite.NewAsync());
        await store.WriteAsync(Failed("c/failed.jpg", "0x1", Noon), Cancellation);
        await store.WriteAsync(Scored("c/scored.jpg", "0x1", Noon), Cancellation);
        ResultDocument later = Failed("c/failed.jpg", "0x1", Noon.AddHours(1)) with { Job = "j2" };

        Assert.True(await store.TryAddAsync(later, Cancellation));
        Assert.True(await store.TryAddAsync(later, Cancellation)); // as a client that repeats a write whose answer was lost
        Assert.False(await store.TryAddAsync(later with { ScoredAt = Noon.AddHours(2) }, Cancellation)); // there is one
        Assert.False(await store.TryAddAsync(Failed("c/failed.jpg", "0x1", Noon), Cancellation)); // a new image's does not
        Assert.False(await store.TryAddAsync(Failed("c/scored.jpg", "0x1", Noon) with { Job = "j2" }, Cancellation));
        Assert.Equal("j2", (await store.SummaryAsync("tiny@1", new ImageVersion("c/failed.jpg", "0x1"), Cancellation))?.Job);
    }

    [Fact]
    public async Task Metadata_tell_of_a_result_without_reading_it()
    {
        ResultStore store = new(await azurite.NewAsync());
        ResultDocument scored = Scored("línea 1/ä+b.jpg", "0x1", Noon),
            failed = Failed("línea 1/z.jpg", "0x2", Noon);
        await store.WriteAsync(scored, Cancellation);
        await store.WriteAsync(failed, Cancellation);

        ResultSummary? first = await store.SummaryAsync("tiny@1", scored.Image.Version, Cancellation),
            second = await store.SummaryAsync("tiny@1", failed.Image.Version, Cancellation);

        Assert.Equal(ResultSummary.Of(ResultRow.Of(scored)), first);
        Assert.Equal(ResultSummary.Of(ResultRow.Of(failed)), second);
        Assert.Equal(("línea 1", "línea 1/ä+b.jpg", 0.75, "j1"), (first?.Camera, first?.Image, first?.Score, first?.Job));
        Assert.Equal((Verdict.Failed, "damaged", Noon), (second?.Verdict, second?.Failure, second?.Time));
    }

    [Fact]
    public async Task Many_images_are_found_in_the_index_and_what_it_lacks_among_the_blobs()
    {
        StorageClients storage = await azurite.NewAsync();
        ResultStore store = new(storage);
        List<(ImageVersion Image, DateTimeOffset? StoredAt)> images = [];
        for (int i = 0; i < 40; i++)
        {
            ResultDocument result = Scored($"c{i % 2}/{i}.jpg", "0x1", Noon.AddDays(-7 * i));
            await store.WriteAsync(result, Cancellation);
            if (i % 5 == 0)
                await store.Index.RemoveAsync(ResultRow.Of(result), Cancellation);
            images.Add((result.Image.Version, i % 7 == 0 ? null : result.Image.StoredAt));
        }

        for (int i = 0; i < 3000; i++) // others of the same days, so that the rest is asked for one by one
            await store.Index.PutAsync(Scored($"c1/other{i}.jpg", "0x1", Noon.AddSeconds(-i)), Cancellation);
        images.Add((new ImageVersion("c1/0.jpg", "0x9"), Noon));

        IReadOnlyDictionary<ImageVersion, ResultSummary> found = await store.SummariesAsync("tiny@1", images, Cancellation);

        Assert.Equal(images.SkipLast(1).Select(i => i.Image.Image).Order(), found.Values.Select(r => r.Image).Order());
        Assert.Empty(await store.SummariesAsync("tiny@2", images, Cancellation));
    }

    [Fact]
    public async Task The_latest_result_of_an_image_is_that_of_its_newest_scoring()
    {
        ResultStore store = new(await azurite.NewAsync());
        await store.WriteAsync(Scored("c/a.jpg", "0x9", Noon), Cancellation);
        await store.WriteAsync(Scored("c/a.jpg", "0x1", Noon.AddMinutes(1)), Cancellation);
        await store.WriteAsync(Scored("c/a.jpg/b.jpg", "0x5", Noon.AddMinutes(2)), Cancellation);

        Assert.Equal("0x1", (await store.LatestAsync("tiny@1", "c/a.jpg", Cancellation))?.Image.ETag);
        Assert.Null(await store.LatestAsync("tiny@1", "c/none.jpg", Cancellation));
    }

    [Fact]
    public async Task A_result_of_a_newer_program_is_refused()
    {
        StorageClients storage = await azurite.NewAsync();
        string json = Json(Scored("c/a.jpg", "0x1", Noon)).Replace("\"schemaVersion\":1", "\"schemaVersion\":2", StringComparison.Ordinal);
        await storage.Container(ContainerNames.Results).UploadBlobAsync("x.json", BinaryData.FromString(json), Cancellation);

        InvalidDataException e = await Assert.ThrowsAsync<InvalidDataException>(() =>
            new ResultStore(storage).ReadAsync("x.json", Cancellation)
        );

        Assert.Contains("results/x.json has schemaVersion 2; this program reads up to 1: update it", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_of_a_thousand_characters_is_stored_and_found()
    {
        ResultStore store = new(await azurite.NewAsync());
        string image = "c/" + new string('ä', 1020);

        await store.WriteAsync(Scored(image, "0x1", Noon), Cancellation);

        Assert.Equal(image, (await store.LatestAsync("tiny@1", image, Cancellation))?.Image.Name);
    }

    [Fact]
    public void Scored_and_failed_results_are_valid_by_the_published_schema()
    {
        JsonSchema schema = SchemaCheck.Load("result.schema.json");

        Assert.Empty(SchemaCheck.Faults(schema, Json(Scored("c/a.jpg", "0x1", Noon))));
        Assert.Empty(SchemaCheck.Faults(schema, Json(Failed("c/a.jpg", "0x1", Noon))));
    }

    [Fact]
    public void The_published_schema_takes_files_without_what_storage_alone_knows()
    {
        JsonSchema schema = SchemaCheck.Load("result.schema.json");
        ResultDocument scored = Scored("c/a.jpg", "0x1", Noon) with { Traceparent = null, Job = null },
            file = scored with { Image = scored.Image with { ETag = null, Camera = null, StoredAt = null } },
            undecided = file with { Score = new ScorePart(null, 0.5f, 3.25f, 0.7, Calibration: ScorePart.Neutral) };

        Assert.All(
            [file, file with { Heatmap = null, Map = null }, undecided],
            result => Assert.Empty(SchemaCheck.Faults(schema, Json(result)))
        );
        Assert.All(
            [
                scored with
                {
                    Map = null,
                },
                scored with
                {
                    Score = undecided.Score,
                },
                scored with
                {
                    Image = scored.Image with { ETag = null },
                },
                file with
                {
                    Image = file.Image with { StoredAt = Noon },
                },
                undecided with
                {
                    Score = undecided.Score with { Calibration = null },
                },
            ],
            result => Assert.NotEmpty(SchemaCheck.Faults(schema, Json(result)))
        );
    }

    [Fact]
    public async Task The_result_of_a_file_has_no_place_in_storage()
    {
        ResultDocument failed = Failed("c/a.jpg", "0x1", Noon);
        ResultStore store = new(await azurite.NewAsync());

        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            store.WriteAsync(failed with { Image = failed.Image with { ETag = null } }, Cancellation)
        );

        Assert.Contains("'c/a.jpg' has no image.etag", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_published_schema_refuses_what_is_no_result()
    {
        JsonSchema schema = SchemaCheck.Load("result.schema.json");
        string scored = Json(Scored("c/a.jpg", "0x1", Noon)),
            failed = Json(Failed("c/a.jpg", "0x1", Noon));

        Assert.Contains(
            SchemaCheck.Faults(schema, "{}"),
            f => f.StartsWith("/: Required properties [\"schemaVersion\",", StringComparison.Ordinal)
        );
        Assert.NotEmpty(SchemaCheck.Faults(schema, scored.Replace("\"anomalous\"", "\"failed\"", StringComparison.Ordinal)));
        Assert.NotEmpty(SchemaCheck.Faults(schema, failed.Replace("\"failed\"", "\"normal\"", StringComparison.Ordinal)));
        Assert.NotEmpty(SchemaCheck.Faults(schema, failed.Replace("\"damaged\"", "\"bored\"", StringComparison.Ordinal)));
        Assert.NotEmpty(SchemaCheck.Faults(schema, scored.Replace("\"calibrated\":0.75", "\"calibrated\":7", StringComparison.Ordinal)));
        Assert.NotEmpty(SchemaCheck.Faults(schema, scored.Replace("\"bytes\"", "\"octets\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_schema_whose_keyword_is_misspelt_is_refused_instead_of_checking_nothing()
    {
        const string Schema =
            """{ "$schema": "https://json-schema.org/draft/2020-12/schema", "properties": { "a": { "typ": "string" } } }""";

        JsonSchemaException refused = Assert.Throws<JsonSchemaException>(() => SchemaCheck.Parse(Schema));

        Assert.Contains("typ", refused.Message, StringComparison.Ordinal);
    }

    private static ResultDocument Scored(string image, string etag, DateTimeOffset at) =>
        new()
        {
            Image = new ImagePart
            {
                Name = image,
                ETag = etag,
                Bytes = 10,
                Width = 4,
                Height = 3,
                Camera = ImageName.Of(image).Camera,
                ObjectClass = "bottle",
                StoredAt = at,
            },
            Model = new ModelPart("tiny", "1", new string('a', 64), "fp32", "cpu"),
            Score = new ScorePart(Verdict.Anomalous, 0.5f, 3.25f, 0.7, 0.75, 0.5),
            Regions =
            [
                new Region
                {
                    X = 1,
                    Y = 0,
                    Width = 2,
                    Height = 3,
                    Peak = 3.25f,
                    AreaFraction = 0.25,
                },
            ],
            Heatmap = "h.jpg",
            Map = new MapPart("m.png", 8, 112, 0.001f, -3, Domain.Industrial, 2),
            Timings = new TimingsPart(1, 2, 3, 4, 5),
            ScoredAt = at,
            Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            Job = "j1",
        };

    private static ResultDocument Failed(string image, string etag, DateTimeOffset at) =>
        new()
        {
            Image = new ImagePart
            {
                Name = image,
                ETag = etag,
                Camera = ImageName.Of(image).Camera,
                ObjectClass = "bottle",
            },
            Model = new ModelPart("tiny", "1", null, null, null),
            Score = new ScorePart(Verdict.Failed),
            Timings = new TimingsPart(),
            Failure = new FailurePart("damaged", "It is damaged."),
            ScoredAt = at,
        };

    private static string Json(ResultDocument result) =>
        Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(result, ResultJson.Default.ResultDocument));
}
