using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Triggers;

/// <summary>
/// The SDK's listeners continue after a status of 500 or above, but stop for good after any other failure, for example when storage does
/// not answer at all. This policy turns such failures into a 503, after the retries of the storage library. It logs the start and the end
/// of an outage once each; the listeners log outages at level Debug only. Add it at <see cref="HttpPipelinePosition.PerCall"/>.
/// </summary>
internal sealed partial class OutagePolicy(ILogger logger) : HttpPipelinePolicy
{
    private const int Unavailable = 503,
        ServerError = 500;

    private int _down;

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        try
        {
            await ProcessNextAsync(message, pipeline);
        }
        catch (Exception e) when (!message.CancellationToken.IsCancellationRequested && IsOutage(e))
        {
            throw Outage(message, e);
        }

        Look(message);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        try
        {
            ProcessNext(message, pipeline);
        }
        catch (Exception e) when (!message.CancellationToken.IsCancellationRequested && IsOutage(e))
        {
            throw Outage(message, e);
        }

        Look(message);
    }

    private static bool IsOutage(Exception failure) =>
        failure is IOException or OperationCanceledException or RequestFailedException { Status: 0 } or AggregateException;

    private RequestFailedException Outage(HttpMessage message, Exception failure)
    {
        string reason = (failure.InnerException ?? failure).Message;
        Down(message, reason);
        return new RequestFailedException(Unavailable, reason, failure);
    }

    private void Look(HttpMessage message)
    {
        if (message.Response.Status >= ServerError)
            Down(message, $"it answers {message.Response.Status} {message.Response.ReasonPhrase}");
        else if (Interlocked.Exchange(ref _down, 0) != 0)
            Log.Up(logger, message.Request.Uri.Host!, message.Request.Uri.Port);
    }

    private void Down(HttpMessage message, string reason)
    {
        if (Interlocked.Exchange(ref _down, 1) == 0)
            Log.Down(logger, message.Request.Uri.Host!, message.Request.Uri.Port, reason);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Queues at {Host}:{Port} cannot be read or written, the triggers try again: {Reason}")]
        public static partial void Down(ILogger logger, string host, int port, string reason);

        [LoggerMessage(2, LogLevel.Information, "Queues at {Host}:{Port} answer again.")]
        public static partial void Up(ILogger logger, string host, int port);
    }
}
