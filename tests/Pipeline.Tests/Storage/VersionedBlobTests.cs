using System.Text.Json.Serialization;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;

namespace AaClip.Pipeline.Tests.Storage;

public partial class VersionedBlobTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_whose_answer_was_lost_is_no_conflict()
    {
        LostAnswers lost = new();
        VersionedBlob<Note> note = Open(await azurite.NewAsync(), lost);

        lost.Next = 1;
        bool made = await note.TryWriteAsync(new Note("first", 1), null, Cancellation);
        Versioned<Note>? before = await note.ReadAsync(Cancellation);
        lost.Next = 1;
        bool changed = await note.TryWriteAsync(new Note("second", 2), before!.ETag, Cancellation);

        Assert.Equal((true, true, 2), (made, changed, lost.Lost));
        Assert.Equal(new Note("second", 2), (await note.ReadAsync(Cancellation))?.Document);
    }

    [Fact]
    public async Task A_document_that_another_worker_changed_meanwhile_is_left_alone()
    {
        VersionedBlob<Note> note = Open(await azurite.NewAsync());
        await note.TryWriteAsync(new Note("first", 1), null, Cancellation);
        Versioned<Note>? before = await note.ReadAsync(Cancellation);
        await note.TryWriteAsync(new Note("other", 2), before!.ETag, Cancellation);

        Assert.False(await note.TryWriteAsync(new Note("mine", 2), before.ETag, Cancellation));
        Assert.False(await note.TryWriteAsync(new Note("mine", 2), null, Cancellation));
        Assert.Equal("other", (await note.ReadAsync(Cancellation))?.Document.Text);
    }

    [Fact]
    public async Task Changes_of_many_workers_at_once_with_lost_answers_are_all_there_once()
    {
        StorageClients storage = await azurite.NewAsync();
        LostAnswers lost = new() { Every = 3 };

        await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(worker =>
                    Task.Run(
                        async () =>
                        {
                            VersionedBlob<Note> note = Open(storage, lost);
                            for (int i = 0; i < 10; i++)
                                await note.ChangeAsync(
                                    n =>
                                        n?.Text.Contains($" {worker}/{i};", StringComparison.Ordinal) == true
                                            ? n
                                            : new Note($"{n?.Text} {worker}/{i};", (n?.Count ?? 0) + 1),
                                    Cancellation
                                );
                        },
                        Cancellation
                    )
                )
        );

        Assert.Equal(40, (await Open(storage).ReadAsync(Cancellation))?.Document.Count);
        Assert.True(lost.Lost > 10, $"{lost.Lost} answers were lost.");
    }

    [Fact]
    public async Task What_is_no_such_document_is_refused_by_name()
    {
        StorageClients storage = await azurite.NewAsync();
        await storage.Container(ContainerNames.State).UploadBlobAsync("note.json", BinaryData.FromString("[]"), Cancellation);

        InvalidDataException refused = await Assert.ThrowsAsync<InvalidDataException>(() => Open(storage).ReadAsync(Cancellation));

        Assert.Contains("note.json' is not a note", refused.Message, StringComparison.Ordinal);
    }

    private VersionedBlob<Note> Open(StorageClients storage, LostAnswers? lost = null)
    {
        BlobClientOptions options = new() { Retry = { Delay = TimeSpan.FromMilliseconds(1), MaxRetries = 3 } };
        if (lost is not null)
            options.AddPolicy(lost, HttpPipelinePosition.PerRetry);
        BlobContainerClient container = new(azurite.ConnectionString, storage.NameOf(ContainerNames.State), options);
        return new VersionedBlob<Note>(container.GetBlobClient("note.json"), NoteJson.Default.Note, "a note", TimeProvider.System);
    }

    internal sealed record Note(string Text, int Count);

    [JsonSerializable(typeof(Note))]
    private sealed partial class NoteJson : JsonSerializerContext;

    /// <summary>Lets a write reach storage, and loses its answer: the client repeats it.</summary>
    private sealed class LostAnswers : HttpPipelinePolicy
    {
        private int _writes,
            _lost;

        public int Next { get; set; }

        public int Every { get; init; }

        public int Lost => _lost;

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await ProcessNextAsync(message, pipeline);
            if (message.Request.Method != RequestMethod.Put || message.Response.Status != 201)
                return;
            bool loses = Every > 0 ? Interlocked.Increment(ref _writes) % Every == 0 : Next-- > 0;
            if (!loses)
                return;
            Interlocked.Increment(ref _lost);
            throw new IOException("The answer was lost.");
        }
    }
}
