using Mono.Cecil;
using Mono.Cecil.Cil;

namespace AaClip.Infra.Tests;

/// <summary>
/// Which namespaces of an assembly use which others of it: base types, signatures, attributes and bodies in the compiled code. The
/// compiler copies constants to where they are used, so their use is not found.
/// </summary>
internal sealed class NamespaceReferences
{
    private const string Prefix = "AaClip.";

    private readonly string _root;
    private readonly SortedDictionary<(string From, string To), SortedSet<string>> _edges = [];

    /// <param name="assembly">Name of the assembly, which is its root namespace too.</param>
    public NamespaceReferences(string assembly)
    {
        _root = assembly;
        using ModuleDefinition module = ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"));
        Projects =
        [
            .. module
                .AssemblyReferences.Select(r => r.Name)
                .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
                .Select(n => n[Prefix.Length..]),
        ];
        foreach (TypeDefinition type in module.GetTypes())
            AddType(type);
    }

    /// <summary>From a namespace to another one, with the types that cause the reference: "User -> Used".</summary>
    public IReadOnlyDictionary<(string From, string To), SortedSet<string>> Edges => _edges;

    /// <summary>Other projects whose assemblies are used.</summary>
    public IReadOnlyList<string> Projects { get; }

    private void AddType(TypeDefinition type)
    {
        Add(type, type.BaseType);
        AddAttributes(type, type);
        AddGenerics(type, type);
        foreach (InterfaceImplementation implemented in type.Interfaces)
            Add(type, implemented.InterfaceType);
        foreach (FieldDefinition field in type.Fields)
        {
            Add(type, field.FieldType);
            AddAttributes(type, field);
        }

        foreach (PropertyDefinition property in type.Properties)
            AddAttributes(type, property);
        foreach (MethodDefinition method in type.Methods)
        {
            AddSignature(type, method);
            AddAttributes(type, method);
            AddGenerics(type, method);
            foreach (ParameterDefinition parameter in method.Parameters)
                AddAttributes(type, parameter);
            if (method.HasBody)
                AddBody(type, method.Body);
        }
    }

    private void AddBody(TypeDefinition user, MethodBody body)
    {
        foreach (VariableDefinition local in body.Variables)
            Add(user, local.VariableType);
        foreach (ExceptionHandler handler in body.ExceptionHandlers)
            Add(user, handler.CatchType);
        foreach (Instruction instruction in body.Instructions)
            switch (instruction.Operand)
            {
                case TypeReference type:
                    Add(user, type);
                    break;
                case FieldReference field:
                    Add(user, field.DeclaringType);
                    Add(user, field.FieldType);
                    break;
                case MethodReference method:
                    AddSignature(user, method);
                    break;
            }
    }

    private void AddSignature(TypeDefinition user, MethodReference method)
    {
        Add(user, method.DeclaringType);
        Add(user, method.ReturnType);
        foreach (ParameterDefinition parameter in method.Parameters)
            Add(user, parameter.ParameterType);
        if (method is GenericInstanceMethod instance)
            foreach (TypeReference argument in instance.GenericArguments)
                Add(user, argument);
    }

    private void AddGenerics(TypeDefinition user, IGenericParameterProvider provider)
    {
        foreach (GenericParameterConstraint constraint in provider.GenericParameters.SelectMany(p => p.Constraints))
            Add(user, constraint.ConstraintType);
    }

    private void AddAttributes(TypeDefinition user, ICustomAttributeProvider provider)
    {
        foreach (CustomAttribute attribute in provider.CustomAttributes)
        {
            Add(user, attribute.AttributeType);
            foreach (
                CustomAttributeArgument argument in attribute.ConstructorArguments.Concat(attribute.Properties.Select(p => p.Argument))
            )
                AddArgument(user, argument);
        }
    }

    private void AddArgument(TypeDefinition user, CustomAttributeArgument argument)
    {
        if (argument.Value is TypeReference type)
            Add(user, type);
        else if (argument.Value is CustomAttributeArgument[] many)
            foreach (CustomAttributeArgument one in many)
                AddArgument(user, one);
    }

    private void Add(TypeDefinition user, TypeReference? used)
    {
        if (used is GenericInstanceType generic)
            foreach (TypeReference argument in generic.GenericArguments)
                Add(user, argument);
        if (used is TypeSpecification specification)
        {
            Add(user, specification.ElementType);
            return;
        }

        TypeReference from = Outermost(user);
        if (used is null or GenericParameter || Outermost(used) is not { } to || from.Namespace == to.Namespace)
            return;
        if (!IsOwn(from.Namespace) || !IsOwn(to.Namespace) || to.Scope != to.Module)
            return;
        (string, string) edge = (from.Namespace, to.Namespace);
        if (!_edges.TryGetValue(edge, out SortedSet<string>? examples))
            _edges[edge] = examples = new SortedSet<string>(StringComparer.Ordinal);
        examples.Add($"{from.Name} -> {to.Name}");
    }

    private bool IsOwn(string name) => name == _root || name.StartsWith(_root + ".", StringComparison.Ordinal);

    private static TypeReference Outermost(TypeReference type)
    {
        while (type.DeclaringType is { } outer)
            type = outer;
        return type;
    }
}
