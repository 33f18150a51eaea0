using System.Runtime.ExceptionServices;
using Azure;
using Microsoft.Azure.WebJobs.Host.Timers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Triggers;

/// <summary>
/// Handles the exception that ends a listener. The SDK would throw it on another thread and crash the process. Here the host is informed
/// and stops in order.
/// </summary>
internal sealed partial class ListenerFailures(Action<Exception> ended, ILogger logger)
    : IWebJobsExceptionHandlerFactory,
        IWebJobsExceptionHandler
{
    public IWebJobsExceptionHandler Create(IHost jobHost) => this;

    public Task OnTimeoutExceptionAsync(ExceptionDispatchInfo exceptionInfo, TimeSpan timeoutGracePeriod) =>
        OnUnhandledExceptionAsync(exceptionInfo);

    public Task OnUnhandledExceptionAsync(ExceptionDispatchInfo exceptionInfo)
    {
        // Listeners continue after a server error. The only other source is the SDK's own renewal of a message, five minutes into a run;
        // QueueLease also renews the message, so the error is only logged.
        if (exceptionInfo.SourceException is RequestFailedException { Status: >= 500 } passing)
            Log.Passing(logger, passing.Message);
        else
            ended(exceptionInfo.SourceException);
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The WebJobs SDK gave up on a call to storage: {Reason}")]
        public static partial void Passing(ILogger logger, string reason);
    }
}
