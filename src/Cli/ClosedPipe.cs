using Microsoft.Win32.SafeHandles;

namespace AaClip.Cli;

/// <summary>
/// Ends the run when standard output is a pipe and its reader has closed it, as in <c>aaclip score ... | head -1</c>. .NET's own console
/// ignores that error, so the run would go on without a reader.
/// </summary>
internal static class ClosedPipe
{
    /// <summary>The exit code that shells report for SIGPIPE.</summary>
    public const int ExitCode = 141;

    private const int BrokenPipe = 32; // EPIPE, which .NET gives as the HResult

    /// <summary>After this call, writing to a pipe without a reader throws.</summary>
    public static void Watch()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
            return;
        FileStream output = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        // For a file the console's stream stays: standard output and standard error on one file (> out 2>&1) must share its position.
        if (!output.CanSeek)
            Console.SetOut(new StreamWriter(output, new System.Text.UTF8Encoding(false)) { AutoFlush = true });
    }

    public static bool Is(Exception exception) => exception is IOException { HResult: BrokenPipe };
}
