using System.ComponentModel;
using System.Diagnostics;

namespace AaClip.LocalHost.Uploads;

/// <summary>Identifies a process of this machine. Process ids are reused, so the start time is part of the identity.</summary>
/// <param name="Id">Process id.</param>
/// <param name="StartedAt">Start time of the process.</param>
public readonly record struct ProcessMark(int Id, DateTimeOffset StartedAt)
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2); // the system reports start times rounded

    /// <summary>This process.</summary>
    public static ProcessMark Own
    {
        get
        {
            using Process self = Process.GetCurrentProcess();
            return new ProcessMark(self.Id, self.StartTime.ToUniversalTime());
        }
    }

    /// <summary>True while the process runs.</summary>
    public bool Runs
    {
        get
        {
            try
            {
                using Process process = Process.GetProcessById(Id);
                return !process.HasExited && (process.StartTime.ToUniversalTime() - StartedAt).Duration() < Tolerance;
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
            {
                return false;
            }
        }
    }
}
