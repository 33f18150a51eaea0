using System.Collections.Concurrent;
using System.Reflection;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace AaClip.Functions;

/// <summary>
/// Around every function that a queue triggers: a fault of the infrastructure waits inside the run, as <see cref="Infrastructure"/> says.
/// </summary>
internal sealed class InfrastructureWait(Infrastructure infrastructure, QueueSender sender) : IFunctionsWorkerMiddleware
{
    // By entry point; null where no queue triggers it
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

    /// <param name="entryPoint">"Namespace.Class.Method".</param>
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
