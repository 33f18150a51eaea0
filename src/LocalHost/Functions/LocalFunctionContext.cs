using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.LocalHost.Functions;

/// <summary>What a function is told about one run of it.</summary>
internal sealed class LocalFunctionContext(
    FunctionMethod function, IServiceProvider services, IReadOnlyDictionary<string, object?> bindingData, CancellationToken cancellation) : FunctionContext
{
    public override string InvocationId { get; } = Guid.NewGuid().ToString();

    public override string FunctionId => function.Name;

    public override TraceContext TraceContext { get; } = new Trace();

    public override BindingContext BindingContext { get; } = new Binding(bindingData);

    public override RetryContext RetryContext { get; } = new Retry();

    public override IServiceProvider InstanceServices { get; set; } = services;

    public override FunctionDefinition FunctionDefinition { get; } = new Definition(function);

    public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();

    public override IInvocationFeatures Features { get; } = new FeatureSet();

    public override CancellationToken CancellationToken { get; } = cancellation;

    private sealed class Trace : TraceContext
    {
        public override string TraceParent => System.Diagnostics.Activity.Current?.Id ?? "";

        public override string TraceState => System.Diagnostics.Activity.Current?.TraceStateString ?? "";
    }

    private sealed class Binding(IReadOnlyDictionary<string, object?> data) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData => data;
    }

    private sealed class Retry : RetryContext
    {
        public override int RetryCount => 0;

        public override int MaxRetryCount => 0;
    }

    private sealed class Definition(FunctionMethod function) : FunctionDefinition
    {
        public override ImmutableArray<FunctionParameter> Parameters =>
            [.. function.Method.GetParameters().Select(parameter => new FunctionParameter(parameter.Name ?? "", parameter.ParameterType))];

        [SuppressMessage("SingleFile", "IL3000", Justification = "Empty where the program is one file, as the package allows.")]
        public override string PathToAssembly => function.Method.Module.Assembly.Location;

        public override string EntryPoint => $"{function.Method.DeclaringType}.{function.Method.Name}";

        public override string Id => function.Name;

        public override string Name => function.Name;

        public override IImmutableDictionary<string, BindingMetadata> InputBindings => ImmutableDictionary<string, BindingMetadata>.Empty;

        public override IImmutableDictionary<string, BindingMetadata> OutputBindings => ImmutableDictionary<string, BindingMetadata>.Empty;
    }

    private sealed class FeatureSet : IInvocationFeatures
    {
        private readonly Dictionary<Type, object> _features = [];

        public void Set<T>(T instance)
        {
            ArgumentNullException.ThrowIfNull(instance);
            _features[typeof(T)] = instance;
        }

        public T? Get<T>() => _features.TryGetValue(typeof(T), out object? feature) ? (T)feature : default;

        public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
