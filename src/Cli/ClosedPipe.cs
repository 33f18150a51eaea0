using Microsoft.Win32.SafeHandles;

namespace AaClip.Cli;

/// <summary>
/// Standard output into a pipe whose reader has gone, as in <c>aaclip score ... | head -1</c>. .NET's own console passes over it in
/// silence, and an hour of scoring would go nowhere: here it ends the run.
/// </summary>
internal static class ClosedPipe
{
    /// <summary>What shells report for SIGPIPE.</summary>
    public const int ExitCode = 141;

    private const int BrokenPipe = 32; // EPIPE, which .NET gives as the HResult

    /// <summary>From here on, writing to a pipe without a reader throws.</summary>
    public static void Watch()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
            return;
        FileStream output = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        // A file stays with the console: two streams on one file (> out 2>&1) must share its position.
        if (!output.CanSeek)
            Console.SetOut(new StreamWriter(output, new System.Text.UTF8Encoding(false)) { AutoFlush = true });
    }

    public static bool Is(Exception exception) => exception is IOException { HResult: BrokenPipe };
}
