namespace Microsoft.Azure.Functions.Worker;

/// <summary>Names a method that a host runs.</summary>
[AttributeUsage(AttributeTargets.Method)]
public class FunctionAttribute(string name) : Attribute
{
    /// <summary>Unique among the functions of an app.</summary>
    public string Name { get; } = name;
}
