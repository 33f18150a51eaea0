namespace AaClip.Graphs;

/// <summary>An edge of the graph: the name under which a node's result is known.</summary>
internal readonly record struct Value(string Name);
