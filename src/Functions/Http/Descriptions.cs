namespace AaClip.Functions;

/// <summary>What an HTTP function does, for the description of the API.</summary>
/// <param name="summary">One sentence.</param>
/// <param name="tag">Group of the function.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OperationAttribute(string summary, string tag) : Attribute
{
    public string Summary => summary;
    public string Tag => tag;
}

/// <summary>A query parameter.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class QueryAttribute(string name, string description) : Attribute
{
    public string Name => name;
    public string Description => description;

    /// <summary>"string", "integer", "number" or "date-time".</summary>
    public string Type { get; init; } = "string";

    public bool Required { get; init; }
}

/// <summary>A media type that the function takes as its body.</summary>
/// <param name="type">Type of the JSON; null for bytes.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class BodyAttribute(string mediaType, Type? type = null) : Attribute
{
    public string MediaType => mediaType;
    public Type? Type => type;
}

/// <summary>A status that the function answers with.</summary>
/// <param name="type">Type of the JSON; an array for a list; null for text, or for JSON without a type of its own.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class AnswerAttribute(int status, string description, Type? type = null) : Attribute
{
    public int Status => status;
    public string Description => description;
    public Type? Type => type;

    /// <summary>Whether the body is application/problem+json.</summary>
    public bool Problem { get; init; }
}
