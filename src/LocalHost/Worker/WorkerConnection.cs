using System.Collections.Concurrent;
using System.Threading.Channels;
using AaClip.LocalHost.Worker.Rpc;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using RpcException = Grpc.Core.RpcException;

namespace AaClip.LocalHost.Worker;

/// <summary>
/// The host's side of the gRPC stream to one worker process: sends requests, matches answers to them, and forwards the worker's log.
/// </summary>
internal sealed class WorkerConnection(ILoggerFactory logging)
{
    private readonly Channel<StreamingMessage> _outgoing = Channel.CreateUnbounded<StreamingMessage>(
        new UnboundedChannelOptions { SingleReader = true }
    );
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _asked = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<InvocationResponse>> _running = new();
    private readonly ConcurrentDictionary<string, ILogger> _loggers = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _ended;

    /// <summary>Completes when the worker has connected.</summary>
    public Task Opened => _opened.Task;

    /// <summary>Serves the stream until the worker closes it or the connection ends.</summary>
    public async Task ServeAsync(
        IAsyncStreamReader<StreamingMessage> incoming,
        IServerStreamWriter<StreamingMessage> outgoing,
        CancellationToken cancellation
    )
    {
        _opened.TrySetResult();
        Task writing = WriteAsync(outgoing, cancellation);
        try
        {
            while (await incoming.MoveNext(cancellation))
                Take(incoming.Current);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or RpcException)
        {
            // The process has ended or is ending; End informs the waiting callers.
        }

        _outgoing.Writer.TryComplete();
        await writing;
    }

    /// <summary>Sends a request and waits for the answer with the same id.</summary>
    /// <exception cref="WorkerEndedException">The worker ended before it answered.</exception>
    public async Task<StreamingMessage> AskAsync(StreamingMessage request, CancellationToken cancellation)
    {
        request.RequestId = Guid.NewGuid().ToString();
        TaskCompletionSource<StreamingMessage> answer = _asked[request.RequestId] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Send(request);
        if (_ended is { } why)
            answer.TrySetException(new WorkerEndedException(why));
        return await answer.Task.WaitAsync(cancellation);
    }

    /// <summary>Runs a function. Cancelling asks the worker to cancel it; the method still waits for the answer.</summary>
    /// <exception cref="WorkerEndedException">The worker ended before it answered.</exception>
    public async Task<InvocationResponse> InvokeAsync(InvocationRequest request, CancellationToken cancellation)
    {
        TaskCompletionSource<InvocationResponse> answer = _running[request.InvocationId] = new(
            TaskCreationOptions.RunContinuationsAsynchronously
        );
        Send(new StreamingMessage { InvocationRequest = request });
        if (_ended is { } why)
            answer.TrySetException(new WorkerEndedException(why));
        using CancellationTokenRegistration cancel = cancellation.Register(() =>
            Send(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = request.InvocationId } })
        );
        try
        {
            return await answer.Task;
        }
        finally
        {
            _running.TryRemove(request.InvocationId, out _);
        }
    }

    /// <summary>Sends a message that has no answer.</summary>
    public void Send(StreamingMessage message) => _outgoing.Writer.TryWrite(message);

    /// <summary>The process has ended: all waiting calls fail.</summary>
    public void End(string why)
    {
        _ended = why;
        _outgoing.Writer.TryComplete();
        foreach (TaskCompletionSource<InvocationResponse> running in _running.Values)
            running.TrySetException(new WorkerEndedException(why));
        foreach (TaskCompletionSource<StreamingMessage> asked in _asked.Values)
            asked.TrySetException(new WorkerEndedException(why));
        _opened.TrySetException(new WorkerEndedException(why));
        _ = _opened.Task.Exception; // marks the exception as observed, in case no one awaits the task
    }

    private async Task WriteAsync(IServerStreamWriter<StreamingMessage> outgoing, CancellationToken cancellation)
    {
        try
        {
            await foreach (StreamingMessage message in _outgoing.Reader.ReadAllAsync(cancellation))
                await outgoing.WriteAsync(message, cancellation);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or RpcException)
        {
            // As in ServeAsync: the process has ended or is ending.
        }
    }

    private void Take(StreamingMessage message)
    {
        switch (message.ContentCase)
        {
            case StreamingMessage.ContentOneofCase.InvocationResponse:
                if (_running.TryGetValue(message.InvocationResponse.InvocationId, out TaskCompletionSource<InvocationResponse>? running))
                    running.TrySetResult(message.InvocationResponse);
                break;
            case StreamingMessage.ContentOneofCase.RpcLog:
                Log(message.RpcLog);
                break;
            default:
                if (_asked.TryRemove(message.RequestId, out TaskCompletionSource<StreamingMessage>? asked))
                    asked.TrySetResult(message);
                break;
        }
    }

    private void Log(RpcLog line)
    {
        ILogger logger = _loggers.GetOrAdd(line.Category is { Length: > 0 } category ? category : "Worker", logging.CreateLogger);
        LogLevel level = (LogLevel)line.Level; // both enums have the same values
        if (!logger.IsEnabled(level))
            return;
        string text = line.Exception is { Message.Length: > 0 } error ? $"{line.Message}\n{error.Message}" : line.Message;
        logger.Log(level, default, text, null, static (state, _) => state);
    }
}

/// <summary>The gRPC service that workers connect to: finds the connection of the calling worker.</summary>
internal sealed class FunctionRpcService(ConcurrentDictionary<string, WorkerConnection> workers) : FunctionRpc.FunctionRpcBase
{
    public override async Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream,
        IServerStreamWriter<StreamingMessage> responseStream,
        ServerCallContext context
    )
    {
        if (
            !await requestStream.MoveNext(context.CancellationToken)
            || requestStream.Current.StartStream is not { } start
            || !workers.TryGetValue(start.WorkerId, out WorkerConnection? connection)
        )
            throw new RpcException(new Status(StatusCode.PermissionDenied, "This host has started no such worker."));
        await connection.ServeAsync(requestStream, responseStream, context.CancellationToken);
    }
}
