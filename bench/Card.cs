using System.Diagnostics;
using System.Globalization;

namespace AaClip.Bench;

/// <summary>The NVIDIA card, as nvidia-smi tells of it.</summary>
internal static class Card
{
    /// <summary>Name, driver and memory; "no card" where nvidia-smi cannot be run.</summary>
    public static string Describe() =>
        Query("name,driver_version,memory.total") is [var name, var driver, var memory]
            ? $"{name}, driver {driver}, {memory} MiB"
            : "no card";

    /// <summary>
    /// Memory of the card that is in use, in GiB; null without a card. What was once taken is kept, so this is near the peak.
    /// </summary>
    public static double? UsedGiB() => Query("memory.used") is [var used] ? double.Parse(used, CultureInfo.InvariantCulture) / 1024 : null;

    private static string[] Query(string fields)
    {
        string[] arguments = [$"--query-gpu={fields}", "--format=csv,noheader,nounits", "--id=0"];
        ProcessStartInfo start = new("nvidia-smi", arguments) { RedirectStandardOutput = true };
        try
        {
            using Process query = Process.Start(start)!; // a program of its own, not a document
            string line = query.StandardOutput.ReadToEnd().Trim();
            query.WaitForExit();
            return query.ExitCode == 0 ? line.Split(", ") : [];
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return []; // there is no nvidia-smi
        }
    }
}
