namespace AaClip.Evaluation.DataSets;

/// <summary>Which part of a data set is wanted.</summary>
public sealed record DataSetOptions
{
    /// <summary>Training images, test images or both; a list has no such parts and is taken whole.</summary>
    public DataSplit Split { get; init; } = DataSplit.Test;

    /// <summary>Folder that the paths of a list start from; null takes the list's own folder.</summary>
    public string? Base { get; init; }

    /// <summary>Published data set that the images belong to, such as "VisA"; null takes the folder's name if it is one.</summary>
    public string? Name { get; init; }

    /// <summary>Only these classes, as folders or lists name them; empty takes all.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>This many images of each class, half of them normal; null takes all.</summary>
    public int? Shots { get; init; }

    /// <summary>Chooses the images of <see cref="Shots"/>.</summary>
    public int Seed { get; init; } = 111;
}

/// <summary>A part of a data set.</summary>
public enum DataSplit
{
    /// <summary>What the data set gives for training: in MVTec's layout normal images only.</summary>
    Train,

    /// <summary>What it gives for testing.</summary>
    Test,

    /// <summary>Both.</summary>
    All,
}
