using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;

namespace AaClip.EndToEnd.Tests;

/// <summary>The process that a kill ends.</summary>
internal enum Victim
{
    /// <summary>The process that runs the functions; the host starts another one.</summary>
    Worker,

    /// <summary>The host; its worker must end by itself.</summary>
    Host,

    /// <summary>Host and worker at the same moment.</summary>
    Both,
}

/// <summary>A host in a process of its own, with its worker in another one; both can be killed.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _answers = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> _complaints = new();
    private int _scored;

    private HostProcess(Process process) => _process = process;

    /// <summary>Images that it reported as scored; the last reports of a killed one are lost.</summary>
    public int Scored => Volatile.Read(ref _scored);

    /// <summary>Its standard error, if it has ended; null while it runs.</summary>
    public string? LastOutput => _process.HasExited ? string.Join('\n', _complaints) : null;

    /// <summary>Starts one, and waits until it listens to the queues.</summary>
    /// <param name="connection">Storage as the host sees it; null takes the site's.</param>
    /// <param name="settings">Settings of its own.</param>
    public static async Task<HostProcess> StartAsync(
        Site site,
        TimeSpan lease,
        CancellationToken cancellation,
        bool watched = true,
        string? connection = null,
        IReadOnlyDictionary<string, string>? settings = null
    )
    {
        string program = Path.Combine(
            AppContext.BaseDirectory,
            "..",
            "..",
            "Host",
            new DirectoryInfo(AppContext.BaseDirectory).Name,
            "AaClip.Host"
        );
        string[] arguments =
        [
            Site.Functions,
            connection ?? site.Connection,
            site.Model,
            lease.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            .. watched ? (string[])[] : ["unwatched"],
        ];
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in settings ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        HostProcess host = new(Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start."));
        host._process.OutputDataReceived += (_, line) => host.Hear(line.Data);
        host._process.ErrorDataReceived += (_, line) => host._complaints.Enqueue(line.Data ?? "");
        host._process.BeginOutputReadLine();
        host._process.BeginErrorReadLine();
        while (await host._answers.Reader.ReadAsync(cancellation) != "ready") { }

        return host;
    }

    /// <summary>Id of the worker process; waits for one that is being started.</summary>
    public async Task<int> WorkerAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await _process.StandardInput.WriteLineAsync("worker");
            string answer = await _answers.Reader.ReadAsync(cancellation);
            if (int.Parse(answer.Split(' ')[1], CultureInfo.InvariantCulture) is > 0 and int id)
                return id;
            await Task.Delay(50, cancellation);
        }
    }

    /// <summary>Ends it at once with SIGKILL, whatever it does, and waits until no orphan process is left.</summary>
    public async Task KillAsync(Victim victim, CancellationToken cancellation)
    {
        using Process worker = Process.GetProcessById(await WorkerAsync(cancellation));
        if (victim is Victim.Host or Victim.Both)
            _process.Kill();
        if (victim is Victim.Worker or Victim.Both)
            worker.Kill();
        if (victim is Victim.Host or Victim.Both)
            await _process.WaitForExitAsync(cancellation);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromMinutes(2)); // it only ends a hang
        await worker.WaitForExitAsync(limit.Token);
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
            _answers.Writer.TryComplete(
                new InvalidOperationException($"The host ended before it was ready. It said: {string.Join('\n', _complaints)}")
            );
        else if (line.Contains("] Scored ", StringComparison.Ordinal))
            Interlocked.Increment(ref _scored);
        else if (line == "ready" || line.StartsWith("worker ", StringComparison.Ordinal))
            _answers.Writer.TryWrite(line);
    }
}
