using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.LocalHost;
using AaClip.LocalHost.Uploads;

namespace AaClip.Cli.Operate;

/// <summary>
/// Where <c>aaclip up</c> runs on this machine, noted in a file so that the other verbs find it. Only an address on this machine is noted:
/// its key is the published one of the emulator; the connection string of a real account is a secret and is not written down.
/// </summary>
/// <param name="Connection">Connection string.</param>
/// <param name="Http">Address of the HTTP functions.</param>
/// <param name="Process">Id of the process.</param>
/// <param name="StartedAt">When the process started: an id may come again.</param>
/// <param name="Before">The one that was noted before and still ran: it is found again when this one has ended. Null for none.</param>
internal sealed record RunningHost(string Connection, string Http, int Process, DateTimeOffset StartedAt, RunningHost? Before = null)
{
    private static string Note => UserFolder.File("up.json");

    /// <returns>The newest that runs; null when none does.</returns>
    public static RunningHost? Find() => Read()?.Running;

    /// <summary>Notes this process; where the note cannot be written, the other verbs need --connection.</summary>
    public static RunningHost? TryAnnounce(string connection, string http)
    {
        ProcessMark self = ProcessMark.Own;
        RunningHost running = new(connection, http, self.Id, self.StartedAt, Find());
        return TryWrite(running) ? running : null;
    }

    /// <summary>Takes the note back, and leaves those of others that run.</summary>
    public void Leave()
    {
        if (Read() is not { } noted)
            return;
        if (noted.Without(Process) is { } others)
            TryWrite(others);
        else
            TryDelete();
    }

    // The chain without those that are gone.
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
            Directory.CreateDirectory(Path.GetDirectoryName(Note)!); // a file in a folder
            string part = FormattableString.Invariant($"{Note}.{Environment.ProcessId}.part"); // who reads never finds half of it
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
            // It names a process that will not run any more, and is not believed.
        }
    }
}

[JsonSerializable(typeof(RunningHost))]
internal sealed partial class RunningHostJson : JsonSerializerContext;
