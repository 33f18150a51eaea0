using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.LocalHost;
using AaClip.LocalHost.Uploads;

namespace AaClip.Cli.Operate;

/// <summary>
/// An <c>aaclip up</c> that runs on this machine, recorded in a file so that the other verbs find it. Only storage on this machine is
/// recorded: its key is the published one of the emulator. The connection string of a real account is a secret and is never written.
/// </summary>
/// <param name="Connection">Connection string.</param>
/// <param name="Http">Address of the HTTP functions.</param>
/// <param name="Process">Id of the process.</param>
/// <param name="StartedAt">When the process started: the system reuses ids.</param>
/// <param name="Before">The host recorded before, if it still ran: it is found again when this one has ended. Null for none.</param>
internal sealed record RunningHost(string Connection, string Http, int Process, DateTimeOffset StartedAt, RunningHost? Before = null)
{
    private static string Note => UserFolder.File("up.json");

    /// <returns>The newest host that runs; null if none does.</returns>
    public static RunningHost? Find() => Read()?.Running;

    /// <summary>Records this process; if the file cannot be written, returns null, and the other verbs need --connection.</summary>
    public static RunningHost? TryAnnounce(string connection, string http)
    {
        ProcessMark self = ProcessMark.Own;
        RunningHost running = new(connection, http, self.Id, self.StartedAt, Find());
        return TryWrite(running) ? running : null;
    }

    /// <summary>Removes this record, and keeps those of other hosts that run.</summary>
    public void Leave()
    {
        if (Read() is not { } noted)
            return;
        if (noted.Without(Process) is { } others)
            TryWrite(others);
        else
            TryDelete();
    }

    // The chain without processes that have ended.
    [JsonIgnore]
    private RunningHost? Running => new ProcessMark(Process, StartedAt).Runs ? this with { Before = Before?.Running } : Before?.Running;

    private RunningHost? Without(int process) =>
        Process == process ? Before?.Running : (this with { Before = Before?.Without(process) }).Running;

    private static RunningHost? Read()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Note), RunningHostJson.Default.RunningHost);
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool TryWrite(RunningHost running)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Note)!); // the path has a folder
            string part = FormattableString.Invariant($"{Note}.{Environment.ProcessId}.part"); // a reader never sees an incomplete file
            File.WriteAllBytes(part, JsonSerializer.SerializeToUtf8Bytes(running, RunningHostJson.Default.RunningHost));
            File.Move(part, Note, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void TryDelete()
    {
        try
        {
            File.Delete(Note);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The record names a process that has ended, and is ignored.
        }
    }
}

[JsonSerializable(typeof(RunningHost))]
internal sealed partial class RunningHostJson : JsonSerializerContext;
