using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.Configuration;

namespace AaClip.LocalHost.Functions;

/// <summary>A method marked with [Function], and what starts it.</summary>
internal sealed class FunctionMethod
{
    private FunctionMethod(string name, MethodInfo method, ParameterInfo trigger, TriggerBindingAttribute binding)
    {
        Name = name;
        Method = method;
        TriggerParameter = trigger;
        Trigger = binding;
    }

    public string Name { get; }

    public MethodInfo Method { get; }

    public ParameterInfo TriggerParameter { get; }

    public TriggerBindingAttribute Trigger { get; }

    /// <summary>Functions of an assembly, but for those that a setting AzureWebJobs.NAME.Disabled switches off.</summary>
    /// <exception cref="InvalidOperationException">Two share a name, or one has no trigger, or more than one.</exception>
    public static IReadOnlyList<FunctionMethod> Find(Assembly assembly, IConfiguration configuration)
    {
        List<FunctionMethod> found = [];
        foreach (Type type in assembly.GetExportedTypes())
            foreach (MethodInfo method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
                if (method.GetCustomAttribute<FunctionAttribute>() is { } attribute)
                    found.Add(Describe(attribute.Name, method));

        foreach (IGrouping<string, FunctionMethod> same in found.GroupBy(function => function.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
            throw new InvalidOperationException($"Functions {string.Join(" and ", same.Select(PathOf))} are both named '{same.Key}': give each a name of its own.");
        return [.. found.Where(function => !IsDisabled(function.Name, configuration)).OrderBy(function => function.Name, StringComparer.Ordinal)];
    }

    public override string ToString() => Name;

    private static FunctionMethod Describe(string name, MethodInfo method)
    {
        (ParameterInfo Parameter, TriggerBindingAttribute? Binding)[] triggers =
            [.. method.GetParameters().Select(parameter => (parameter, parameter.GetCustomAttribute<TriggerBindingAttribute>())).Where(pair => pair.Item2 is not null)];
        return triggers is [(ParameterInfo parameter, { } binding)]
            ? new FunctionMethod(name, method, parameter, binding)
            : throw new InvalidOperationException($"Function '{name}' ({method.DeclaringType}.{method.Name}) has {triggers.Length} trigger parameters, expected one.");
    }

    private static bool IsDisabled(string name, IConfiguration configuration) =>
        bool.TryParse(configuration[$"AzureWebJobs.{name}.Disabled"], out bool disabled) && disabled;

    private static string PathOf(FunctionMethod function) => $"{function.Method.DeclaringType}.{function.Method.Name}";
}
