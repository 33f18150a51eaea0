using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Functions;

/// <summary>Runs functions: each run in a scope of its own, on an object of its own. Counts what is running.</summary>
internal sealed partial class FunctionRunner(IServiceScopeFactory scopes, ILogger<FunctionRunner> logger)
{
    private readonly Lock _gate = new();
    private int _running;
    private TaskCompletionSource? _idle;

    /// <summary>Runs a function. A failure is logged once, here, and thrown.</summary>
    /// <param name="bind">Makes the value of the trigger parameter.</param>
    /// <param name="bindingData">Values about the trigger, by name; parameters of those names receive them.</param>
    /// <returns>What the function returns, awaited.</returns>
    public async Task<object?> RunAsync(
        FunctionMethod function, Func<object?> bind, IReadOnlyDictionary<string, object?> bindingData, CancellationToken cancellation)
    {
        Enter();
        long started = Stopwatch.GetTimestamp();
        try
        {
            await using AsyncServiceScope scope = scopes.CreateAsyncScope();
            LocalFunctionContext context = new(function, scope.ServiceProvider, bindingData, cancellation);
            object?[] arguments = [.. function.Method.GetParameters().Select(parameter => Argument(function, parameter, bind, context))];
            object? result = await InvokeAsync(function, scope.ServiceProvider, arguments).ConfigureAwait(false);
            Log.Succeeded(logger, function.Name, (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            return result;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Log.Cancelled(logger, function.Name);
            throw;
        }
        catch (Exception failure)
        {
            Log.Failed(logger, failure, function.Name, failure.Message);
            throw;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Completes when nothing runs.</summary>
    public Task IdleAsync()
    {
        lock (_gate)
            return _running == 0 ? Task.CompletedTask : (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    private static object? Argument(FunctionMethod function, ParameterInfo parameter, Func<object?> bind, LocalFunctionContext context)
    {
        // By position: reflection may give another object for the same parameter.
        if (parameter.Position == function.TriggerParameter.Position)
            return bind();
        if (parameter.ParameterType == typeof(FunctionContext))
            return context;
        if (parameter.ParameterType == typeof(CancellationToken))
            return context.CancellationToken;
        if (context.BindingContext.BindingData.TryGetValue(parameter.Name ?? "", out object? value))
            return Converted(value, parameter.ParameterType);
        if (parameter.HasDefaultValue)
            return parameter.DefaultValue;
        throw new InvalidOperationException(
            $"Parameter '{parameter.Name}' of function '{function.Name}' is neither its trigger nor a part of the route or the message: remove it, or give it a default.");
    }

    private static object? Converted(object? value, Type type)
    {
        if (value is null || type.IsInstanceOfType(value))
            return value;
        return TypeDescriptor.GetConverter(Nullable.GetUnderlyingType(type) ?? type).ConvertFromInvariantString(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
    }

    private static async Task<object?> InvokeAsync(FunctionMethod function, IServiceProvider services, object?[] arguments)
    {
        MethodInfo method = function.Method;
        // A method of an exported type has a declaring type.
        object? instance = method.IsStatic ? null : ActivatorUtilities.CreateInstance(services, method.DeclaringType!);
        try
        {
            object? returned = method.Invoke(instance, BindingFlags.DoNotWrapExceptions, null, arguments, CultureInfo.InvariantCulture);
            if (returned is ValueTask valueTask)
                returned = valueTask.AsTask();
            if (returned is not Task task)
                return returned;
            await task.ConfigureAwait(false);
            return method.ReturnType.IsGenericType ? method.ReturnType.GetProperty(nameof(Task<object>.Result))?.GetValue(task) : null;
        }
        finally
        {
            if (instance is IAsyncDisposable asyncDisposable)
                await asyncDisposable.DisposeAsync().ConfigureAwait(false);
            else
                (instance as IDisposable)?.Dispose();
        }
    }

    private void Enter()
    {
        lock (_gate)
            _running++;
    }

    private void Exit()
    {
        lock (_gate)
            if (--_running == 0)
            {
                _idle?.SetResult();
                _idle = null;
            }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "{Function} succeeded in {Milliseconds} ms.")]
        public static partial void Succeeded(ILogger logger, string function, long milliseconds);

        [LoggerMessage(2, LogLevel.Error, "{Function} failed: {Reason}")]
        public static partial void Failed(ILogger logger, Exception failure, string function, string reason);

        [LoggerMessage(3, LogLevel.Debug, "{Function} was cancelled.")]
        public static partial void Cancelled(ILogger logger, string function);
    }
}
