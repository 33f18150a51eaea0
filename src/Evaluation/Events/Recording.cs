namespace AaClip.Evaluation.Events;

/// <summary>A labelled recording.</summary>
/// <param name="Path">A folder of frames, or a file of features (.npy).</param>
/// <param name="Labels">Names of its classes; "normal" alone for a normal one.</param>
/// <param name="Events">Where something happens; empty for a normal one, and where only training needs the list.</param>
public sealed record Recording(string Path, IReadOnlyList<string> Labels, IReadOnlyList<LabelledEvent> Events)
{
    /// <summary>The label of recordings in which nothing happens.</summary>
    public const string Normal = "normal";

    /// <summary>Whether nothing happens in it.</summary>
    public bool IsNormal => Labels is [Normal];
}

/// <summary>A labelled event.</summary>
/// <param name="From">First frame, counted from 0.</param>
/// <param name="To">Frame after the last one.</param>
/// <param name="Label">Name of its class.</param>
public sealed record LabelledEvent(int From, int To, string Label);
