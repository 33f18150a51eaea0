using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Cli.Pipeline;

/// <summary>
/// Where <c>aaclip up</c> runs on this machine, noted in a file so that the other verbs find it. Only an address on this machine is noted:
/// its key is the published one of the emulator; the connection string of a real account is a secret and is not written down.
/// </summary>
/// <param name="Connection">Connection string.</param>
/// <param name="Http">Address of the HTTP functions.</param>
/// <param name="Process">Id of the process.</param>
/// <param name="StartedAt">When the process started: an id may come again.</param>
internal sealed record RunningHost(string Connection, string Http, int Process, DateTimeOffset StartedAt)
{
    private static string Note => UserFolder.File("up.json");

    /// <returns>Null when none runs.</returns>
    public static RunningHost? Find()
    {
        try
        {
            RunningHost? noted = JsonSerializer.Deserialize(File.ReadAllBytes(Note), RunningHostJson.Default.RunningHost);
            return noted is not null && noted.Runs ? noted : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Notes this process; where the note cannot be written, the other verbs need --connection.</summary>
    public static RunningHost? TryAnnounce(string connection, string http)
    {
        try
        {
            using Process self = System.Diagnostics.Process.GetCurrentProcess();
            RunningHost running = new(connection, http, self.Id, self.StartTime.ToUniversalTime());
            Directory.CreateDirectory(Path.GetDirectoryName(Note)!); // a file in a folder
            File.WriteAllBytes(Note, JsonSerializer.SerializeToUtf8Bytes(running, RunningHostJson.Default.RunningHost));
            return running;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Takes the note back, unless another host has written its own since.</summary>
    public void Leave()
    {
        if (Find() is not { } noted || noted.Process != Process)
            return;
        try
        {
            File.Delete(Note);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It names a process that will not run any more, and is not believed.
        }
    }

    [JsonIgnore]
    private bool Runs
    {
        get
        {
            try
            {
                using Process process = System.Diagnostics.Process.GetProcessById(Process);
                return (process.StartTime.ToUniversalTime() - StartedAt).Duration() < TimeSpan.FromSeconds(2);
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }
    }
}

[JsonSerializable(typeof(RunningHost))]
internal sealed partial class RunningHostJson : JsonSerializerContext;
