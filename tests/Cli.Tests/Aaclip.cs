using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using AaClip.Tests;

namespace AaClip.Cli.Tests;

/// <summary>The built program, run as a child with its output redirected.</summary>
internal static partial class Aaclip
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Runs to the end.</summary>
    public static Result Run(params IEnumerable<string> arguments) => Run(null, arguments);

    /// <summary>Runs to the end in a working folder.</summary>
    public static Result Run(
        string? folder,
        IEnumerable<string> arguments,
        string? cache = null,
        IEnumerable<KeyValuePair<string, string>>? environment = null
    )
    {
        using Process process = Start(arguments, folder, cache, environment);
        return Finish(process);
    }

    /// <summary>Runs to the end on a terminal of 24 rows; colours and cursor movements are removed from the output.</summary>
    public static Result OnTerminal(int columns, params IEnumerable<string> arguments)
    {
        string command = string.Join(' ', arguments.Prepend(Program).Select(a => $"'{a.Replace("'", @"'\''", StringComparison.Ordinal)}'"));
        ProcessStartInfo start = new(
            "script",
            ["-qec", string.Create(CultureInfo.InvariantCulture, $"stty cols {columns} rows 24; exec {command}"), "/dev/null"]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["AACLIP_CACHE"] = TinyPackage.Cache;
        start.Environment["TERM"] = "xterm";
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("'script' of util-linux did not start.");
        Result result = Finish(process);
        return result with { Output = Movements().Replace(result.Output, "") };
    }

    /// <summary>Starts and returns at once.</summary>
    public static Process Start(
        IEnumerable<string> arguments,
        string? folder = null,
        string? cache = null,
        IEnumerable<KeyValuePair<string, string>>? environment = null
    )
    {
        ProcessStartInfo start = new(Program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder ?? "",
        };
        start.Environment["AACLIP_CACHE"] = cache ?? TinyPackage.Cache;
        foreach ((string name, string value) in environment ?? [])
            start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException($"'{Program}' did not start.");
    }

    /// <summary>Waits for the end and returns the output.</summary>
    /// <param name="patience">How long it may run; null for ten minutes.</param>
    public static Result Finish(Process process, TimeSpan? patience = null)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(),
            error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(patience ?? Patience))
        {
            process.Kill();
            throw new TimeoutException($"aaclip still runs after {(patience ?? Patience).TotalSeconds} s.");
        }

        return new Result(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>Sends SIGINT, as Ctrl-C does.</summary>
    public static void Interrupt(Process process)
    {
        using Process kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static string Program => Path.Combine(Parity.RepositoryRoot, "artifacts", "bin", "Cli", Configuration, "aaclip");

    [GeneratedRegex(@"\x1b\[[0-9;?]*[a-zA-Z]|\r(?=\n)|(?<=\n|^)[^\n]*\r(?!\n)")]
    private static partial Regex Movements();

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
