using System.Diagnostics;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Azure.Storage.Blobs.Models;
using Decision = AaClip.Pipeline.Reviews.Review;

namespace AaClip.Cli.Tests.Operate;

/// <summary>Containers and queues of one test, and the program run on them.</summary>
internal sealed class TestAccount(AzuriteFixture azurite, StorageClients storage)
{
    public const string Model = "tiny@1";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static async Task<TestAccount> NewAsync(AzuriteFixture azurite) => new(azurite, await azurite.NewAsync());

    public StorageClients Storage { get; } = storage;

    public Aaclip.Result Run(params IEnumerable<string> arguments)
    {
        using Process process = Start(arguments);
        return Aaclip.Finish(process);
    }

    public Process Start(params IEnumerable<string> arguments) =>
        Aaclip.Start(
            arguments,
            environment: [new(StorageConnection.Setting, azurite.ConnectionString), new("Storage__Prefix", Storage.NameOf(""))]
        );

    /// <summary>Stores an image.</summary>
    /// <returns>Its ETag.</returns>
    public Task<string> ImageAsync(string name, string content = "pixels") => ImageAsync(name, BinaryData.FromString(content));

    /// <summary>Stores an image.</summary>
    /// <returns>Its ETag.</returns>
    public async Task<string> ImageAsync(string name, BinaryData content)
    {
        BlobContentInfo stored = await Storage
            .Container(ContainerNames.Images)
            .GetBlobClient(name)
            .UploadAsync(content, overwrite: true, Cancellation);
        return stored.ETag.ToString().Trim('"');
    }

    /// <summary>Stores a result as the pipeline does, with its map.</summary>
    public async Task ResultAsync(
        string image,
        string etag,
        Verdict verdict = Verdict.Normal,
        double score = 0.25,
        string model = Model,
        DateTimeOffset? time = null,
        bool map = true
    )
    {
        ResultStore results = new(Storage);
        if (map && verdict != Verdict.Failed)
            await results.WritePicturesAsync(model, new ImageVersion(image, etag), [1], [2], Cancellation);
        await results.WriteAsync(TestResult.Document(image, etag, verdict, score, model, time ?? DateTimeOffset.UtcNow), Cancellation);
    }

    /// <summary>Stores results, and what a person decided on their images.</summary>
    /// <param name="regions">Polygons around the defect, on all of them; null for none.</param>
    public async Task DecideAsync(
        ReviewVerdict verdict,
        IReadOnlyCollection<ResultDocument> results,
        IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>>? regions = null
    )
    {
        ResultStore store = new(Storage);
        await Parallel.ForEachAsync(results, Cancellation, async (result, token) => await store.WriteAsync(result, token));
        await new ReviewStore(Storage, TimeProvider.System).AddAsync(
            [
                .. results.Select(r => new Decision
                {
                    Id = Guid.NewGuid(),
                    Camera = r.Image.Camera!, // a result of an image has both
                    Image = r.Image.Name,
                    ETag = r.Image.ETag!,
                    Cursor = ResultRow.Of(r).Cursor,
                    Verdict = verdict,
                    Regions = regions,
                }),
            ],
            "kim",
            Cancellation
        );
    }

    public async Task WriteAsync(string container, string blob) =>
        await Storage.Container(container).GetBlobClient(blob).UploadAsync(BinaryData.FromString("{}"), overwrite: true, Cancellation);

    /// <summary>Waits until a condition is true.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"After {Patience.TotalSeconds} s: {what}");
            await Task.Delay(50, Cancellation);
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;
}
