using System.ComponentModel;
using System.Diagnostics;

namespace AaClip.LocalHost.Uploads;

/// <summary>Names a process of this machine for as long as it runs: an id may come again, an id with its start does not.</summary>
/// <param name="Id">Process id.</param>
/// <param name="StartedAt">When it started.</param>
public readonly record struct ProcessMark(int Id, DateTimeOffset StartedAt)
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2); // what the system tells of a start is rounded

    /// <summary>This process.</summary>
    public static ProcessMark Own
    {
        get
        {
            using Process self = Process.GetCurrentProcess();
            return new ProcessMark(self.Id, self.StartTime.ToUniversalTime());
        }
    }

    /// <summary>Whether it still runs.</summary>
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
