using AaClip.Cli.Operate;
using AaClip.Scoring;
using AaClip.Scoring.Images;

namespace AaClip.Cli;

/// <summary>
/// Runs a verb and turns an error into one line and an exit code: 0 success, 1 failure, 2 wrong command line, 130 stopped by Ctrl-C.
/// </summary>
internal static class Run
{
    public const int Failed = 1;
    public const int Misused = 2; // a wrong command line
    public const int Stopped = 130; // the exit code that shells report for SIGINT

    public static Task<int> Verb(Func<int> work) => Verb(() => Task.FromResult(work()));

    public static Task<int> Verb(Func<Task<int>> work) =>
        Task.Run(async () =>
        {
            try
            {
                return await work();
            }
            catch (OperationCanceledException)
            {
                Console.Error.WriteLine("Stopped.");
                return Stopped;
            }
            catch (IOException e) when (ClosedPipe.Is(e))
            {
                return ClosedPipe.ExitCode;
            }
            catch (Exception e) when (StorageErrors.Explain(e) is { } reason)
            {
                Console.Error.WriteLine($"aaclip: {reason}");
                return Failed;
            }
            catch (Exception e)
                when (e
                        is IOException
                            or InvalidDataException
                            or ArgumentException
                            or InvalidOperationException
                            or UnauthorizedAccessException
                            or ImageRejectedException
                )
            {
                string message =
                    e is ArgumentException { ParamName: { } name }
                        ? e.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal)
                    : WholeFile.IsDiskFull(e)
                        ? "The disk is full: "
                            + (e.Message.Contains('\'') ? e.Message : $"standard output cannot be written ({e.Message}).")
                    : e.Message;
                Console.Error.WriteLine($"aaclip: {message}");
                return Failed;
            }
        });

    /// <summary>A number of bytes as text, such as "1.25 GiB".</summary>
    public static string Bytes(long bytes) =>
        bytes switch
        {
            >= 1L << 30 => FormattableString.Invariant($"{bytes / (double)(1L << 30):F2} GiB"),
            >= 1L << 20 => FormattableString.Invariant($"{bytes / (double)(1L << 20):F1} MiB"),
            >= 1L << 10 => FormattableString.Invariant($"{bytes / (double)(1L << 10):F1} KiB"),
            _ => FormattableString.Invariant($"{bytes} B"),
        };
}
