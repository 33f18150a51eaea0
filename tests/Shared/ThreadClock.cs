using System.Runtime.InteropServices;

namespace AaClip.Tests;

/// <summary>
/// Time that this thread has spent working. A limit on it holds on a busy machine too, where the clock on the wall measures the neighbours.
/// </summary>
internal static class ThreadClock
{
    private const int ThreadCpuTime = 3; // CLOCK_THREAD_CPUTIME_ID

    public static TimeSpan Now
    {
        get
        {
            Assert.Equal(0, clock_gettime(ThreadCpuTime, out Timespec time));
            return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / 100);
        }
    }

    [DllImport("libc")]
    private static extern int clock_gettime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
