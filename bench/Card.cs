using System.Diagnostics;
using System.Globalization;

namespace AaClip.Bench;

/// <summary>Information about the NVIDIA GPU, from nvidia-smi.</summary>
internal static class Card
{
    /// <summary>Name, driver and memory; "no card" if nvidia-smi cannot be run.</summary>
    public static string Describe() =>
        Query("name,driver_version,memory.total") is [var name, var driver, var memory]
            ? $"{name}, driver {driver}, {memory} MiB"
            : "no card";

    /// <summary>
    /// GPU memory in use, in GiB; null without a GPU. Allocated memory is not returned, so the value is close to the peak.
    /// </summary>
    public static double? UsedGiB() => Query("memory.used") is [var used] ? double.Parse(used, CultureInfo.InvariantCulture) / 1024 : null;

    private static string[] Query(string fields)
    {
        string[] arguments = [$"--query-gpu={fields}", "--format=csv,noheader,nounits", "--id=0"];
        ProcessStartInfo start = new("nvidia-smi", arguments) { RedirectStandardOutput = true };
        try
        {
            using Process query = Process.Start(start)!; // not null: starts a program, not a document
            string line = query.StandardOutput.ReadToEnd().Trim();
            query.WaitForExit();
            return query.ExitCode == 0 ? line.Split(", ") : [];
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return []; // nvidia-smi is not installed
        }
    }
}
