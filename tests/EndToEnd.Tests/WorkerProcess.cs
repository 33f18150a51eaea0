using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;

namespace AaClip.EndToEnd.Tests;

/// <summary>A worker in a process of its own, which can be killed.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private int _scored;

    private WorkerProcess(Process process) => _process = process;

    /// <summary>Images that it reported as scored; the last reports of a killed one are lost.</summary>
    public int Scored => Volatile.Read(ref _scored);

    /// <summary>Starts one, and waits until it listens to the queues.</summary>
    public static async Task<WorkerProcess> StartAsync(Site site, TimeSpan lease, CancellationToken cancellation, bool watched = true)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "..", "..", "Worker", new DirectoryInfo(AppContext.BaseDirectory).Name, "AaClip.Worker");
        ProcessStartInfo start = new(program, [site.Connection, site.Model, lease.TotalSeconds.ToString(CultureInfo.InvariantCulture), .. watched ? (string[])[] : ["unwatched"]])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        WorkerProcess worker = new(Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start."));
        worker._process.OutputDataReceived += (_, line) => worker.Hear(line.Data);
        worker._process.BeginOutputReadLine();
        while (await worker._lines.Reader.ReadAsync(cancellation) != "ready")
        {
        }

        return worker;
    }

    /// <summary>Ends it at once, in the middle of whatever it does (SIGKILL).</summary>
    public async Task KillAsync(CancellationToken cancellation)
    {
        _process.Kill();
        await _process.WaitForExitAsync(cancellation);
    }

    /// <summary>Lets it finish what it runs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void Hear(string? line)
    {
        if (line is null)
            _lines.Writer.TryComplete(new InvalidOperationException("The worker ended before it was ready."));
        else if (line.Contains("] Scored ", StringComparison.Ordinal))
            Interlocked.Increment(ref _scored);
        else
            _lines.Writer.TryWrite(line);
    }
}
