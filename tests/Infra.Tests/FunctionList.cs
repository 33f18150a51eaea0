using System.Reflection;
using AaClip.Functions;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Infra.Tests;

/// <summary>The functions of the code, with their triggers.</summary>
internal static class FunctionList
{
    private static readonly (string Name, MethodInfo Method)[] Methods =
    [
        .. from method in typeof(Health).Assembly.GetTypes().SelectMany(t => t.GetMethods())
           let function = method.GetCustomAttribute<FunctionAttribute>()
           where function is not null
           select (function.Name, method),
    ];

    /// <summary>Those that run in both apps, for the probes.</summary>
    public static IReadOnlyList<string> Everywhere { get; } = [nameof(Health), nameof(Health.Alive)];

    public static IEnumerable<string> Names => Methods.Select(m => m.Name);

    /// <summary>Queue triggers, by function.</summary>
    public static IReadOnlyDictionary<string, QueueTriggerAttribute> Queues { get; } = Triggers<QueueTriggerAttribute>();

    /// <summary>HTTP triggers, by function.</summary>
    public static IReadOnlyDictionary<string, HttpTriggerAttribute> Http { get; } = Triggers<HttpTriggerAttribute>();

    /// <summary>Queues that functions send to by an output binding: of the method, or of a property of what it returns.</summary>
    public static ILookup<string, QueueOutputAttribute> Outputs { get; } = (
        from method in Methods
        from holder in Returned(method.Method.ReturnType).GetProperties().Cast<MemberInfo>().Append(method.Method)
        from output in holder.GetCustomAttributes<QueueOutputAttribute>()
        select (method.Name, output)).ToLookup(o => o.Name, o => o.output);

    private static Type Returned(Type type) => type.IsGenericType && type.BaseType == typeof(Task) ? type.GenericTypeArguments[0] : type;

    private static Dictionary<string, T> Triggers<T>() where T : Attribute => new(
        from method in Methods
        from parameter in method.Method.GetParameters()
        let trigger = parameter.GetCustomAttribute<T>()
        where trigger is not null
        select KeyValuePair.Create(method.Name, trigger));
}
