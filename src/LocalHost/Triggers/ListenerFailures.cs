using System.Runtime.ExceptionServices;
using Azure;
using Microsoft.Azure.WebJobs.Host.Timers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Triggers;

/// <summary>
/// What the SDK does when a listener ends by an exception: it would throw on a thread of its own and end the process with a stack trace.
/// Here the host is told and ends in order.
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
        // A listener goes on after a server error. What else stops at one is the SDK's own renewal of a message, after five minutes of a
        // run, and QueueLease renews it, too.
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
