using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace AaClip.Tests;

/// <summary>Runs tests/Fuzz: a reader that ends the process or never ends would take the other tests with it.</summary>
internal static partial class FuzzProcess
{
    /// <summary>Damages the files of a folder and reads them.</summary>
    /// <param name="kind">"images" or "models".</param>
    /// <param name="files">How many damaged files; AACLIP_FUZZ_IMAGES and AACLIP_FUZZ_MODELS in the environment ask for others.</param>
    /// <returns>How many were refused, and the most memory in MB; all others were read.</returns>
    public static async Task<(int Refused, int PeakMegabytes)> RunAsync(
        string kind,
        string folder,
        int files,
        CancellationToken cancellation
    )
    {
        string number = Path.GetTempFileName();
        try
        {
            string asked = Environment.GetEnvironmentVariable($"AACLIP_FUZZ_{kind.ToUpperInvariant()}") is { Length: > 0 } more
                ? more
                : files.ToString(CultureInfo.InvariantCulture);
            (int exit, string output) = await RunAsync([kind, folder, asked, number], cancellation);
            TestContext.Current.TestOutputHelper?.WriteLine($"{kind}: {output}");
            Assert.True(exit == 0, $"Ended with {exit} at file {File.ReadAllText(number)}: {output}");
            Match summary = Summary().Match(output);
            Assert.True(summary.Success, output);
            return (
                int.Parse(summary.Groups["refused"].Value, CultureInfo.InvariantCulture),
                int.Parse(summary.Groups["peak"].Value, CultureInfo.InvariantCulture)
            );
        }
        finally
        {
            File.Delete(number);
        }
    }

    private static async Task<(int Exit, string Output)> RunAsync(string[] arguments, CancellationToken cancellation)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        string program = Path.Combine(AppContext.BaseDirectory, "..", "..", "Fuzz", configuration, "AaClip.Fuzz");
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start.");
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
            string output = await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return (process.ExitCode, output + await errors);
        }
        finally
        {
            process.Kill();
        }
    }

    [GeneratedRegex(@"(?<refused>\d+) refused, 0 wrong, slowest \d+ ms \(#\d+\), peak (?<peak>\d+) MB")]
    private static partial Regex Summary();
}
