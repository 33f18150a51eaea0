using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Worker;

/// <summary>
/// One worker process, started as the Functions host starts it. It always ends with this process (<see cref="StartupHook"/>).
/// </summary>
internal sealed partial class WorkerProcess : IDisposable
{
    private const int KeptLines = 20;

    private readonly Process _process;
    private readonly ILogger _logger;
    private readonly Queue<string> _said = new();

    private WorkerProcess(Process process, ILogger logger)
    {
        _process = process;
        _logger = logger;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Exited = _process.WaitForExitAsync();
    }

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>Completes when the process has ended.</summary>
    public Task Exited { get; }

    /// <summary>How the process ended, as readable text.</summary>
    public string Ending
    {
        get
        {
            int code = _process.ExitCode;
            string how =
                code > 128
                    ? string.Create(CultureInfo.InvariantCulture, $"by signal {code - 128}")
                    : string.Create(CultureInfo.InvariantCulture, $"with exit code {code}");
            lock (_said)
                return _said.Count == 0
                    ? $"The worker process ended {how}."
                    : $"The worker process ended {how}. It said: {string.Join('\n', _said)}";
        }
    }

    /// <param name="app">The function app.</param>
    /// <param name="settings">App settings; they become environment variables of the process.</param>
    /// <param name="rpc">gRPC address that the worker connects to.</param>
    /// <param name="workerId">Id that the worker sends when it connects.</param>
    /// <exception cref="InvalidOperationException">The program could not be started.</exception>
    public static WorkerProcess Start(
        FunctionApp app,
        IEnumerable<KeyValuePair<string, string?>> settings,
        string rpc,
        string workerId,
        ILogger logger
    )
    {
        ProcessStartInfo start = new("dotnet")
        {
            WorkingDirectory = app.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (
            string argument in (string[])
                [
                    app.Program,
                    "--functions-uri",
                    rpc,
                    "--functions-worker-id",
                    workerId,
                    "--functions-request-id",
                    Guid.NewGuid().ToString(),
                    "--functions-grpc-max-message-length",
                    int.MaxValue.ToString(CultureInfo.InvariantCulture),
                ]
        )
            start.ArgumentList.Add(argument);
        foreach ((string name, string? value) in settings)
            start.Environment[name] = value;
        start.Environment["FUNCTIONS_APPLICATION_DIRECTORY"] = app.Folder; // the worker reads host.json there, for the route prefix
        start.Environment["FUNCTIONS_WORKER_DIRECTORY"] = app.Folder;
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
        try
        {
            return new WorkerProcess(
                Process.Start(start) ?? throw new InvalidOperationException("The worker process did not start."),
                logger
            );
        }
        catch (Win32Exception absent)
        {
            throw new InvalidOperationException(
                "The functions need the .NET runtime, and 'dotnet' was not found: put it on the PATH.",
                absent
            );
        }
    }

    /// <summary>Kills the process at once.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has already ended.
        }
    }

    public void Dispose() => _process.Dispose();

    private void Hear(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_said)
        {
            _said.Enqueue(line);
            if (_said.Count > KeptLines)
                _said.Dequeue();
        }

        Log.Said(_logger, line);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Worker: {Line}")]
        public static partial void Said(ILogger logger, string line);
    }
}
