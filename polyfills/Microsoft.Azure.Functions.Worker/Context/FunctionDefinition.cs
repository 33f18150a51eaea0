using System.Collections.Immutable;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>What is known of a function before it runs.</summary>
public abstract class FunctionDefinition
{
    /// <summary>Parameters of the method, in order.</summary>
    public abstract ImmutableArray<FunctionParameter> Parameters { get; }

    /// <summary>File of the assembly.</summary>
    public abstract string PathToAssembly { get; }

    /// <summary>Type and method.</summary>
    public abstract string EntryPoint { get; }

    /// <summary>Unique to the function.</summary>
    public abstract string Id { get; }

    /// <summary>Name given by <see cref="FunctionAttribute"/>.</summary>
    public abstract string Name { get; }

    /// <summary>Trigger and inputs by parameter name.</summary>
    public abstract IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    /// <summary>Outputs by name.</summary>
    public abstract IImmutableDictionary<string, BindingMetadata> OutputBindings { get; }
}

/// <summary>A parameter of a function.</summary>
public class FunctionParameter(string name, Type type)
{
    /// <summary>Name in the source.</summary>
    public string Name { get; } = name;

    /// <summary>Declared type.</summary>
    public Type Type { get; } = type;
}

/// <summary>A trigger, an input or an output of a function.</summary>
public abstract class BindingMetadata
{
    /// <summary>Name of the parameter.</summary>
    public abstract string Name { get; }

    /// <summary>Such as "queueTrigger".</summary>
    public abstract string Type { get; }

    /// <summary>In or out.</summary>
    public abstract BindingDirection Direction { get; }
}

/// <summary>Which way a binding goes.</summary>
public enum BindingDirection
{
    /// <summary>Into the function.</summary>
    In = 0,

    /// <summary>Out of the function.</summary>
    Out = 1,
}
