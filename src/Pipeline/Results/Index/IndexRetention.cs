using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AaClip.Pipeline.Results.Index;

/// <summary>What was done with the index as a whole: state/results-index.json.</summary>
public sealed record IndexState
{
    /// <summary>First day of the first month that was not dropped; null while none was.</summary>
    public DateOnly? DroppedBefore { get; init; }

    /// <summary>Fields of newer programs, which stay as they are.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

/// <summary>JSON of <see cref="IndexState"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(IndexState))]
internal sealed partial class IndexStateJson : JsonSerializerContext;

/// <summary>Drops old months of the index, and says so: tables have no lifecycle rules.</summary>
public sealed partial class IndexRetention(StorageClients storage, ILogger<IndexRetention>? logger = null)
{
    private readonly ILogger _logger = logger ?? NullLogger<IndexRetention>.Instance;
    private readonly ResultIndex _index = new(storage);
    private readonly VersionedBlob<IndexState> _state = new(
        storage.Container(ContainerNames.State).GetBlobClient("results-index.json"),
        IndexStateJson.Default.IndexState,
        "the state of the results index",
        TimeProvider.System
    );

    /// <summary>What was done so far.</summary>
    public async Task<IndexState> StateAsync(CancellationToken cancellation = default) =>
        (await _state.ReadAsync(cancellation))?.Document ?? new IndexState();

    /// <summary>Drops the months before those to keep.</summary>
    /// <param name="keepMonths">Whole months besides the present one; 0 drops nothing.</param>
    /// <returns>The months dropped, oldest first; each by its first day.</returns>
    public async Task<IReadOnlyList<DateOnly>> DropAsync(int keepMonths, DateTimeOffset now, CancellationToken cancellation = default)
    {
        if (keepMonths == 0)
            return [];
        DateOnly keep = IndexKeys.Month(now).AddMonths(-keepMonths);
        DateOnly[] old = [.. (await _index.MonthsAsync(cancellation)).Where(m => m < keep)];
        if (old.Length == 0)
            return [];

        // The note comes first: then nobody takes a month that is half dropped for one whose rows are missing.
        await _state.ChangeAsync(
            before => (before ?? new IndexState()) with { DroppedBefore = before?.DroppedBefore > keep ? before.DroppedBefore : keep },
            cancellation
        );
        foreach (DateOnly month in old)
        {
            await _index.DropAsync(month, cancellation);
            Log.Dropped(_logger, month, keepMonths);
        }

        return old;
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Information,
            "Dropped the results index of {Month:yyyy-MM}: Results__KeepMonths is {KeepMonths}. Its result blobs stay until a rule of the "
                + "storage account deletes them."
        )]
        public static partial void Dropped(ILogger logger, DateOnly month, int keepMonths);
    }
}
