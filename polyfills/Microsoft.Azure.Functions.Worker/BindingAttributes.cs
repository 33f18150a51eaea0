namespace Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

/// <summary>Ties something of a function to something outside it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public abstract class BindingAttribute : Attribute
{
    /// <summary>For the attributes derived from this one.</summary>
    public BindingAttribute()
    {
    }
}

/// <summary>Says what starts a function.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public abstract class TriggerBindingAttribute : BindingAttribute
{
    /// <summary>For the attributes derived from this one.</summary>
    public TriggerBindingAttribute()
    {
    }
}

/// <summary>Says where a result goes.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
public abstract class OutputBindingAttribute : BindingAttribute
{
    /// <summary>For the attributes derived from this one.</summary>
    public OutputBindingAttribute()
    {
    }
}
