using System.Diagnostics;
using System.Globalization;
using AaClip.Tests;

namespace AaClip.Cli.Tests;

/// <summary>The built program, run as a child with its output redirected.</summary>
internal static class Aaclip
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs to the end.</summary>
    public static Result Run(params IEnumerable<string> arguments) => Run(null, arguments);

    /// <summary>Runs to the end in a working folder.</summary>
    public static Result Run(string? folder, IEnumerable<string> arguments, string? cache = null)
    {
        using Process process = Start(arguments, folder, cache);
        return Finish(process);
    }

    /// <summary>Starts and returns at once.</summary>
    public static Process Start(IEnumerable<string> arguments, string? folder = null, string? cache = null, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        string program = Path.Combine(Parity.RepositoryRoot, "artifacts", "bin", "Cli", Configuration, "aaclip");
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = folder ?? "" };
        start.Environment["AACLIP_CACHE"] = cache ?? TinyPackage.Cache;
        foreach ((string name, string value) in environment ?? [])
            start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start.");
    }

    /// <summary>Waits for the end and takes what was written.</summary>
    /// <param name="patience">How long it may run; null for a minute.</param>
    public static Result Finish(Process process, TimeSpan? patience = null)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(patience ?? Patience))
        {
            process.Kill();
            throw new TimeoutException($"aaclip still runs after {(patience ?? Patience).TotalSeconds} s.");
        }

        return new Result(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>What Ctrl-C sends.</summary>
    public static void Interrupt(Process process)
    {
        using Process kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    // artifacts/bin/Cli.Tests/<configuration>/AaClip.Cli.Tests.dll
    private static string Configuration => Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    /// <summary>Exit code, standard output and standard error.</summary>
    internal sealed record Result(int Code, string Output, string Error)
    {
        public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        /// <summary>The rows of a tab-separated table, without its header.</summary>
        public string[][] Rows => [.. Lines.Skip(1).Select(l => l.Split('\t'))];
    }
}
