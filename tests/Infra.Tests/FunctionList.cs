using System.Reflection;
using AaClip.Functions;
using AaClip.Pipeline.Storage;
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

    /// <summary>Queues that functions send to, except the queue of their own trigger, to which they return messages.</summary>
    public static ILookup<string, string> Sends { get; } =
        new (string Function, string Queue)[]
        {
            (nameof(RouteUpload), QueueNames.Score),
            (nameof(ScoreImage), QueueNames.Scored),
            (nameof(ScoreImage), QueueNames.ScoreBulk),
            ("RescorePages", QueueNames.ScoreBulk),
            ("RescorePages", QueueNames.Rescore),
            ("StartRescore", QueueNames.Rescore),
            ("PushImage", QueueNames.Score),
            (nameof(TendJobs), QueueNames.Rescore),
        }.ToLookup(s => s.Function, s => s.Queue);

    private static Dictionary<string, T> Triggers<T>()
        where T : Attribute =>
        new(
            from method in Methods
            from parameter in method.Method.GetParameters()
            let trigger = parameter.GetCustomAttribute<T>()
            where trigger is not null
            select KeyValuePair.Create(method.Name, trigger)
        );
}
