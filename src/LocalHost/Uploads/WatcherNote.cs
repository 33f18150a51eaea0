using System.Text.Json.Serialization;

namespace AaClip.LocalHost.Uploads;

/// <summary>Describes the process that watches a container.</summary>
/// <param name="Model">"name@version" of the model that it scores with; null if it does not score or does not say.</param>
/// <param name="Machine">Name of its machine.</param>
/// <param name="Process">Process id on that machine.</param>
/// <param name="StartedAt">Start time of that process.</param>
/// <param name="Address">Address of its HTTP functions; null if it has none.</param>
public sealed record WatcherNote(string? Model, string Machine, int Process, DateTimeOffset StartedAt, string? Address)
{
    /// <summary>The description of this process.</summary>
    public static WatcherNote Own(string? model, string? address)
    {
        ProcessMark self = ProcessMark.Own;
        return new WatcherNote(model, Environment.MachineName, self.Id, self.StartedAt, address);
    }

    /// <summary>
    /// True if it was a process of this machine and has ended. For other machines this is unknown, and the value is false.
    /// </summary>
    [JsonIgnore]
    public bool IsGone => Machine == Environment.MachineName && !new ProcessMark(Process, StartedAt).Runs;

    /// <inheritdoc/>
    public override string ToString() =>
        FormattableString.Invariant($"process {Process} on {Machine}{(Address is null ? "" : $" ({Address})")}");
}

[JsonSerializable(typeof(WatcherNote))]
internal sealed partial class WatcherJson : JsonSerializerContext;
