using AaClip.Pipeline.Results.Index;

namespace AaClip.Pipeline.Reviews;

/// <summary>A result and the newest decision of a person on its image.</summary>
/// <param name="Row">The result.</param>
/// <param name="Review">Null if nobody decided, or the decision was taken back.</param>
public sealed record ReviewedRow(ResultRow Row, Review? Review)
{
    /// <summary>The decision in force; none where nobody decided.</summary>
    public ReviewVerdict Decision => Review?.Verdict ?? ReviewVerdict.None;
}
