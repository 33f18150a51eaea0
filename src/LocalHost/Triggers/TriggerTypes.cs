using System.Reflection;
using System.Reflection.Emit;
using AaClip.LocalHost.Worker;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.WebJobs;

namespace AaClip.LocalHost.Triggers;

/// <summary>
/// Generates one class for each function with a trigger of the WebJobs SDK, as the Functions host does. The SDK finds functions by their
/// attributes; here the values of the attributes come from functions.metadata. Each class has this form:
/// <code>
/// public sealed class ScoreImage(TriggerRunner runner) : TriggeredFunction(runner)
/// {
///     [FunctionName("ScoreImage")]
///     public Task Run([QueueTrigger("score", Connection = "…")] QueueMessage message, CancellationToken cancellation) =>
///         QueueAsync("ScoreImage", message, cancellation);
/// }
/// </code>
/// </summary>
internal static class TriggerTypes
{
    private const string AssemblyName = "AaClip.LocalHost.TriggerTypes"; // may use the internals of this assembly: see LocalHost.csproj
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.NonPublic;

    /// <summary>Creates the classes of the queue and timer functions.</summary>
    /// <exception cref="InvalidOperationException">A function has a trigger that this host does not support.</exception>
    public static IReadOnlyList<Type> Make(IEnumerable<FunctionDefinition> functions)
    {
        ModuleBuilder module = AssemblyBuilder
            .DefineDynamicAssembly(new AssemblyName(AssemblyName), AssemblyBuilderAccess.Run)
            .DefineDynamicModule(AssemblyName);
        List<Type> types = [];
        foreach (FunctionDefinition function in functions)
        {
            switch (function.Trigger.Type.ToUpperInvariant())
            {
                case "QUEUETRIGGER":
                    types.Add(
                        Make(module, function, typeof(QueueMessage), QueueTrigger(function.Trigger), nameof(TriggeredFunction.QueueAsync))
                    );
                    break;
                case "TIMERTRIGGER":
                    types.Add(
                        Make(module, function, typeof(TimerInfo), TimerTrigger(function.Trigger), nameof(TriggeredFunction.TimerAsync))
                    );
                    break;
                case "HTTPTRIGGER":
                    break; // handled by HttpFunctions
                default:
                    throw new InvalidOperationException(
                        $"Function '{function.Name}' is started by a {function.Trigger.Type}, which this host does not know: it "
                            + $"runs queue, timer and HTTP functions."
                    );
            }
        }

        return types;
    }

    private static Type Make(
        ModuleBuilder module,
        FunctionDefinition function,
        Type input,
        CustomAttributeBuilder trigger,
        string inherited
    )
    {
        TypeBuilder type = module.DefineType(
            function.Name,
            TypeAttributes.Public | TypeAttributes.Sealed | TypeAttributes.Class,
            typeof(TriggeredFunction)
        );

        ConstructorBuilder constructor = type.DefineConstructor(
            MethodAttributes.Public,
            CallingConventions.HasThis,
            [typeof(TriggerRunner)]
        );
        ILGenerator code = constructor.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldarg_1);
        code.Emit(OpCodes.Call, typeof(TriggeredFunction).GetConstructor(Own, [typeof(TriggerRunner)])!); // in the class below
        code.Emit(OpCodes.Ret);

        MethodBuilder run = type.DefineMethod("Run", MethodAttributes.Public, typeof(Task), [input, typeof(CancellationToken)]);
        run.SetCustomAttribute(
            new CustomAttributeBuilder(typeof(FunctionNameAttribute).GetConstructor([typeof(string)])!, [function.Name])
        );
        run.DefineParameter(1, ParameterAttributes.None, "input").SetCustomAttribute(trigger);
        run.DefineParameter(2, ParameterAttributes.None, "cancellation");
        code = run.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldstr, function.Name);
        code.Emit(OpCodes.Ldarg_1);
        code.Emit(OpCodes.Ldarg_2);
        code.Emit(OpCodes.Call, typeof(TriggeredFunction).GetMethod(inherited, Own)!); // in the class below
        code.Emit(OpCodes.Ret);
        return type.CreateType();
    }

    private static CustomAttributeBuilder QueueTrigger(Binding trigger) =>
        new(
            typeof(QueueTriggerAttribute).GetConstructor([typeof(string)])!,
            [trigger.Text("queueName") ?? ""],
            [typeof(QueueTriggerAttribute).GetProperty(nameof(QueueTriggerAttribute.Connection))!],
            [trigger.Text("connection")]
        );

    // Without the SDK's record of missed runs, so that less storage is needed on a laptop; a run at the start replaces it.
    private static CustomAttributeBuilder TimerTrigger(Binding trigger) =>
        new(
            typeof(TimerTriggerAttribute).GetConstructor([typeof(string)])!,
            [trigger.Text("schedule") ?? ""],
            [
                typeof(TimerTriggerAttribute).GetProperty(nameof(TimerTriggerAttribute.RunOnStartup))!,
                typeof(TimerTriggerAttribute).GetProperty(nameof(TimerTriggerAttribute.UseMonitor))!,
            ],
            [trigger.Flag("runOnStartup"), false]
        );
}

/// <summary>Base class of the generated classes.</summary>
internal abstract class TriggeredFunction
{
    private readonly TriggerRunner _runner;

    internal TriggeredFunction(TriggerRunner runner) => _runner = runner;

    internal Task QueueAsync(string function, QueueMessage message, CancellationToken cancellation) =>
        _runner.QueueAsync(function, message, cancellation);

    internal Task TimerAsync(string function, TimerInfo timer, CancellationToken cancellation) =>
        _runner.TimerAsync(function, timer, cancellation);
}
