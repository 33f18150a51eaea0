using System.Collections.Concurrent;
using System.Reflection;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace AaClip.Functions;

/// <summary>
/// Middleware around every function with a queue trigger: on an infrastructure fault the run waits and retries, see
/// <see cref="Infrastructure"/>.
/// </summary>
internal sealed class InfrastructureWait(Infrastructure infrastructure, QueueSender sender) : IFunctionsWorkerMiddleware
{
    // Queue name by entry point; null for a function without a queue trigger
    private static readonly ConcurrentDictionary<string, string?> Queues = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next) =>
        Queues.GetOrAdd(context.FunctionDefinition.EntryPoint, QueueOf) is { } queue
        && context.BindingContext.BindingData.TryGetValue("QueueTrigger", out object? text)
            ? infrastructure.RunAsync(
                context.FunctionDefinition.Name,
                () => next(context),
                (delay, token) => sender.SendAsync(queue, text?.ToString() ?? "", delay, token),
                context.CancellationToken
            )
            : next(context);

    /// <param name="entryPoint">Entry point of a function: "Namespace.Class.Method".</param>
    internal static string? QueueOf(string entryPoint)
    {
        int dot = entryPoint.LastIndexOf('.');
        MethodInfo? method = typeof(InfrastructureWait).Assembly.GetType(entryPoint[..dot])?.GetMethod(entryPoint[(dot + 1)..]);
        return method
            ?.GetParameters()
            .Select(p => p.GetCustomAttribute<QueueTriggerAttribute>()?.QueueName)
            .FirstOrDefault(q => q is not null);
    }
}
