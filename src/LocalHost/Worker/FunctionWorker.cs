using System.Collections.Concurrent;
using System.Net.Sockets;
using AaClip.LocalHost.Worker.Rpc;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Worker;

/// <summary>
/// The worker of a function app. Starts the process, loads and runs the functions, and restarts the process when it dies. The restart delay
/// grows when the process dies soon after its start. Runs requested while no process is ready wait for the next one.
/// </summary>
internal sealed partial class FunctionWorker(
    FunctionApp app,
    ConcurrentDictionary<string, WorkerConnection> connections,
    ILoggerFactory logging
) : IAsyncDisposable
{
    private const int StartAttempts = 3;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongLife = TimeSpan.FromMinutes(1); // a worker that ran this long did not fail at its start
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProbePause = TimeSpan.FromMilliseconds(20);

    private readonly ILogger _logger = logging.CreateLogger<FunctionWorker>();
    private readonly CancellationTokenSource _ending = new();
    private IEnumerable<KeyValuePair<string, string?>> _settings = [];
    private string _rpc = "";
    private TaskCompletionSource<Instance> _ready = NewReady();
    private Instance? _last;
    private Task _supervision = Task.CompletedTask;

    /// <summary>Id of the running process; 0 while none is ready.</summary>
    public int ProcessId => _ready.Task is { IsCompletedSuccessfully: true } ready ? ready.Result.Process.Id : 0;

    /// <summary>Task that restarts the worker whenever it dies; completes after <see cref="StopAsync"/>.</summary>
    public Task Supervision => _supervision;

    /// <summary>Starts the first process and loads the functions.</summary>
    /// <exception cref="InvalidOperationException">The process ended, or a function could not be loaded; the message contains the last
    /// output of the worker.</exception>
    public async Task StartAsync(string rpc, IEnumerable<KeyValuePair<string, string?>> settings, CancellationToken cancellation)
    {
        (_rpc, _settings) = (rpc, settings);
        Instance first = await LaunchFirstAsync(cancellation);
        _ready.SetResult(first);
        _supervision = SuperviseAsync(first);
    }

    /// <summary>Runs a function; waits until a worker is ready.</summary>
    /// <exception cref="WorkerEndedException">The worker ended during the run.</exception>
    public async Task<InvocationResponse> InvokeAsync(InvocationRequest request, CancellationToken cancellation)
    {
        Instance worker = await _ready.Task.WaitAsync(cancellation);
        return await worker.Connection.InvokeAsync(request, cancellation);
    }

    /// <summary>Address where the worker takes HTTP requests; waits until a worker is ready.</summary>
    public async Task<string> HttpAddressAsync(CancellationToken cancellation) => (await _ready.Task.WaitAsync(cancellation)).Http;

    /// <summary>Ends the worker. Call it when no function runs any more.</summary>
    /// <param name="impatience">Kills the process at once.</param>
    public async Task StopAsync(CancellationToken impatience)
    {
        await _ending.CancelAsync();
        if (_last is { } worker)
        {
            worker.Connection.Send(
                new StreamingMessage { WorkerTerminate = new WorkerTerminate { GracePeriod = Duration.FromTimeSpan(ExitLimit) } }
            );
            await Task.WhenAny(worker.Process.Exited, Task.Delay(ExitLimit, impatience));
            worker.Process.Kill();
            await worker.Process.Exited;
        }

        await _supervision.ContinueWith(_ => { }, TaskScheduler.Default); // the observer of Supervision has received any exception
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
        _last?.Process.Dispose();
        _ending.Dispose();
    }

    // Retries, as the Functions host does: the worker chooses a free port, and another process may take it before the worker listens.
    private async Task<Instance> LaunchFirstAsync(CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await LaunchAsync(cancellation);
            }
            catch (WorkerEndedException) when (attempt < StartAttempts) { }
            catch (WorkerEndedException e)
            {
                throw new InvalidOperationException(e.Message, e);
            }
        }
    }

    private async Task SuperviseAsync(Instance worker)
    {
        TimeSpan pause = TimeSpan.Zero;
        try
        {
            while (true)
            {
                long born = TimeProvider.System.GetTimestamp();
                await worker.Process.Exited;
                if (_ending.IsCancellationRequested)
                    return;
                _ready = NewReady();
                string ending = worker.Process.Ending;
                worker.Connection.End(ending);
                connections.TryRemove(worker.Id, out _);
                Log.Ended(_logger, ending);
                pause = TimeProvider.System.GetElapsedTime(born) > LongLife ? TimeSpan.Zero : pause;
                worker = await RelaunchAsync(pause);
                pause = Longer(pause);
                _ready.SetResult(worker);
                Log.Restarted(_logger, worker.Process.Id);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested) { }
        finally
        {
            worker.Connection.End("The host stops.");
            _ready.TrySetCanceled();
        }
    }

    private async Task<Instance> RelaunchAsync(TimeSpan pause)
    {
        while (true)
        {
            await Task.Delay(pause, _ending.Token);
            try
            {
                return await LaunchAsync(_ending.Token);
            }
            catch (Exception e) when (!_ending.IsCancellationRequested)
            {
                Log.NotStarted(_logger, e.Message);
                pause = Longer(pause);
            }
        }
    }

    private async Task<Instance> LaunchAsync(CancellationToken cancellation)
    {
        string id = Guid.NewGuid().ToString();
        WorkerConnection connection = connections[id] = new WorkerConnection(logging);
        WorkerProcess process = WorkerProcess.Start(app, _settings, _rpc, id, _logger);
        _ = process.Exited.ContinueWith(
            _ => connection.End(process.Ending),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StartLimit);
        try
        {
            await connection.Opened.WaitAsync(limit.Token);
            StreamingMessage answer = await connection.AskAsync(
                new StreamingMessage
                {
                    WorkerInitRequest = new WorkerInitRequest
                    {
                        HostVersion = "4.0.0",
                        WorkerDirectory = app.Folder,
                        FunctionAppDirectory = app.Folder,
                    },
                },
                limit.Token
            );
            string http = answer.WorkerInitResponse.Capabilities.TryGetValue("HttpUri", out string? address) ? address : "";
            foreach (FunctionDefinition function in app.Functions)
                Check(
                    function,
                    (
                        await connection.AskAsync(new StreamingMessage { FunctionLoadRequest = Load(function) }, limit.Token)
                    ).FunctionLoadResponse
                );
            await ListensAsync(http, limit.Token);
            return _last = new Instance(id, process, connection, http);
        }
        catch (Exception e)
        {
            process.Kill();
            await process.Exited;
            connections.TryRemove(id, out _);
            if (e is OperationCanceledException && !cancellation.IsCancellationRequested)
                throw new InvalidOperationException($"The worker was not ready within {StartLimit.TotalSeconds} s. {process.Ending}", e);
            throw;
        }
    }

    // The worker answers on the stream before its web server listens.
    private static async Task ListensAsync(string http, CancellationToken cancellation)
    {
        while (Uri.TryCreate(http, UriKind.Absolute, out Uri? address))
        {
            using TcpClient probe = new();
            try
            {
                await probe.ConnectAsync(address.Host, address.Port, cancellation);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(ProbePause, cancellation);
            }
        }
    }

    private FunctionLoadRequest Load(FunctionDefinition function)
    {
        RpcFunctionMetadata metadata = new()
        {
            Name = function.Name,
            FunctionId = function.Id,
            Directory = app.Folder,
            ScriptFile = function.ScriptFile,
            EntryPoint = function.EntryPoint,
            Language = "dotnet-isolated",
        };
        foreach (Binding binding in function.All)
        {
            metadata.RawBindings.Add(binding.Raw);
            metadata.Bindings[binding.Name] = new BindingInfo
            {
                Type = binding.Type,
                Direction = binding.IsOutput ? BindingInfo.Types.Direction.Out : BindingInfo.Types.Direction.In,
            };
        }

        return new FunctionLoadRequest { FunctionId = function.Id, Metadata = metadata };
    }

    private static void Check(FunctionDefinition function, FunctionLoadResponse response)
    {
        if (response.Result.Status != StatusResult.Types.Status.Success)
            throw new InvalidOperationException(
                $"Function '{function.Name}' cannot be loaded: {response.Result.Exception?.Message ?? response.Result.Result}"
            );
    }

    private static TimeSpan Longer(TimeSpan pause) =>
        pause == TimeSpan.Zero ? TimeSpan.FromSeconds(1)
        : pause * 2 < LongestPause ? pause * 2
        : LongestPause;

    private static TaskCompletionSource<Instance> NewReady() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Instance(string Id, WorkerProcess Process, WorkerConnection Connection, string Http);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Ending} What it ran comes back to its queue, and it is started again.")]
        public static partial void Ended(ILogger logger, string ending);

        [LoggerMessage(2, LogLevel.Information, "The worker runs again, as process {Process}.")]
        public static partial void Restarted(ILogger logger, int process);

        [LoggerMessage(3, LogLevel.Error, "The worker could not be started again: {Reason}")]
        public static partial void NotStarted(ILogger logger, string reason);
    }
}
