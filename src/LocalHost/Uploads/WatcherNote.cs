using System.Text.Json.Serialization;

namespace AaClip.LocalHost.Uploads;

/// <summary>Who watches a container, for others that want to.</summary>
/// <param name="Model">"name@version" of the model that it scores with; null where it scores nothing, or does not say.</param>
/// <param name="Machine">Name of its machine.</param>
/// <param name="Process">Process id there.</param>
/// <param name="StartedAt">When that process started.</param>
/// <param name="Address">Address of its HTTP functions; null where it has none.</param>
public sealed record WatcherNote(string? Model, string Machine, int Process, DateTimeOffset StartedAt, string? Address)
{
    /// <summary>The note of this process.</summary>
    public static WatcherNote Own(string? model, string? address)
    {
        ProcessMark self = ProcessMark.Own;
        return new WatcherNote(model, Environment.MachineName, self.Id, self.StartedAt, address);
    }

    /// <summary>Whether it was a process of this machine that is gone; of another machine nobody knows here.</summary>
    [JsonIgnore]
    public bool IsGone => Machine == Environment.MachineName && !new ProcessMark(Process, StartedAt).Runs;

    /// <inheritdoc/>
    public override string ToString() =>
        FormattableString.Invariant($"process {Process} on {Machine}{(Address is null ? "" : $" ({Address})")}");
}

[JsonSerializable(typeof(WatcherNote))]
internal sealed partial class WatcherJson : JsonSerializerContext;
