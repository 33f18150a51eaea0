using AaClip.LocalHost.Functions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.LocalHost.Http;

/// <summary>Routes of the HTTP functions. Keys are not asked for: only this machine can call.</summary>
internal static class HttpRoutes
{
    private static readonly Type[] Results = [typeof(void), typeof(Task), typeof(ValueTask)];

    /// <exception cref="InvalidOperationException">A function's types are not those of the ASP.NET Core integration.</exception>
    public static void Map(
        IEndpointRouteBuilder routes, FunctionMethod function, HttpTriggerAttribute trigger, string prefix, FunctionRunner runner, CancellationToken running)
    {
        Check(function);
        string route = $"{prefix.Trim('/')}/{(trigger.Route ?? function.Name).TrimStart('/')}".TrimStart('/');
        IEndpointConventionBuilder endpoint = trigger.Methods is { Length: > 0 } methods
            ? routes.MapMethods(route, methods.Select(method => method.ToUpperInvariant()), Handle)
            : routes.Map(route, Handle);
        endpoint.WithDisplayName(function.Name);

        async Task Handle(HttpContext context)
        {
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, running);
            object? result;
            try
            {
                Dictionary<string, object?> values = new(context.Request.RouteValues, StringComparer.OrdinalIgnoreCase);
                result = await runner.RunAsync(function, () => context.Request, values, either.Token).ConfigureAwait(false);
            }
            catch (Exception) when (!context.Response.HasStarted)
            {
                context.Response.Clear(); // the runner has logged it
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                return;
            }

            if (result is IResult minimal)
                await minimal.ExecuteAsync(context).ConfigureAwait(false);
            else if (result is IActionResult action)
                await action.ExecuteResultAsync(new ActionContext(context, context.GetRouteData(), new ActionDescriptor())).ConfigureAwait(false);
        }
    }

    private static void Check(FunctionMethod function)
    {
        if (function.TriggerParameter.ParameterType != typeof(HttpRequest))
            throw new InvalidOperationException($"HTTP function '{function.Name}' takes a {function.TriggerParameter.ParameterType.Name}, expected an HttpRequest of ASP.NET Core.");
        Type returned = function.Method.ReturnType;
        Type value = returned.IsGenericType && returned.GetGenericTypeDefinition() == typeof(Task<>) ? returned.GetGenericArguments()[0] : returned;
        if (!Results.Contains(value) && !value.IsAssignableTo(typeof(IActionResult)) && !value.IsAssignableTo(typeof(IResult)))
            throw new InvalidOperationException($"HTTP function '{function.Name}' returns {value.Name}, expected an IActionResult or an IResult.");
    }
}
