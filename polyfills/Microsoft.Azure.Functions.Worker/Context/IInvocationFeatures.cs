namespace Microsoft.Azure.Functions.Worker;

/// <summary>Features of a host, by type.</summary>
public interface IInvocationFeatures : IEnumerable<KeyValuePair<Type, object>>
{
    /// <summary>Sets a feature.</summary>
    void Set<T>(T instance);

    /// <summary>The feature of a type, or null.</summary>
    T? Get<T>();
}
