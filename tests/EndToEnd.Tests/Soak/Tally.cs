using System.Globalization;
using System.Text.Json;

namespace AaClip.EndToEnd.Tests.Soak;

/// <summary>Counts of a campaign so far, kept in a file, so that a later run continues them.</summary>
internal sealed record Tally
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public int Seed { get; init; }
    public double? Threshold { get; init; } // between the scores of the pictures, so that alerts open and close all the time
    public int Rounds { get; set; }
    public double Seconds { get; set; }
    public int Images { get; set; }
    public int Unreadable { get; set; }
    public int Overwritten { get; set; }
    public int WorkerKills { get; set; }
    public int HostKills { get; set; }
    public int StorageStops { get; set; }
    public int Outages { get; set; }
    public int Faults { get; set; }
    public int Refused { get; set; }
    public int Alerts { get; set; }

    /// <summary>Kills of any process.</summary>
    public int Kills => WorkerKills + HostKills + StorageStops;

    public static Tally Read(string file, int seed) =>
        // Written by this class, so no JSON null
        File.Exists(file)
            ? JsonSerializer.Deserialize<Tally>(File.ReadAllText(file), Json)!
            : new Tally { Seed = seed };

    public void Write(string file)
    {
        File.WriteAllText(file + ".part", JsonSerializer.Serialize(this, Json));
        File.Move(file + ".part", file, overwrite: true);
    }

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Rounds} rounds in {Seconds / 60:F1} min (seed {Seed}): {Images} images ({Unreadable} unreadable, {Overwritten} "
                + $"overwritten), "
                + $"{Kills} kills ({WorkerKills} of workers, {HostKills} of hosts, {StorageStops} of storage), {Faults} faults, "
                + $"{Outages} outages that refused {Refused} requests, {Alerts} alert events. Nothing lost, nothing twice."
        );
}
