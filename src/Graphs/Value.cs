namespace AaClip.Graphs;

/// <summary>An edge of the graph: the name of a node's result.</summary>
internal readonly record struct Value(string Name);
