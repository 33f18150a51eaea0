using System.Diagnostics;
using System.Reflection;

namespace AaClip.Infra.Tests;

/// <summary>The bicep compiler, as a process that cannot reach a network.</summary>
internal static class Compiler
{
    private static readonly string Program =
        typeof(Compiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "BicepCompiler").Value ?? "";

    /// <summary>Runs it.</summary>
    /// <param name="folder">Working folder.</param>
    /// <param name="environment">Variables for readEnvironmentVariable in parameter files.</param>
    public static async Task<Run> RunAsync(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        ProcessStartInfo start = new(Program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string inherited in start.Environment.Keys.Where(k => k.Split('_')[0] is "AACLIP" or "SERVICE").ToArray())
            start.Environment.Remove(inherited);
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        foreach (string proxy in (string[])["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
            start.Environment[proxy] = "http://127.0.0.1:9"; // nothing listens there: a module from a registry would fail the compilation
        using Process process = Process.Start(start)!; // not null without a shell
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Run(process.ExitCode, await output, await errors);
    }
}

/// <summary>Output of a run of the compiler; <paramref name="Errors"/> holds its diagnostics.</summary>
internal sealed record Run(int Code, string Output, string Errors);
