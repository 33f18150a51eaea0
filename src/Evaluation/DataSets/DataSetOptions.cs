namespace AaClip.Evaluation.DataSets;

/// <summary>Selects a part of a data set.</summary>
public sealed record DataSetOptions
{
    /// <summary>Training images, test images or both; ignored for lists, which have no such parts.</summary>
    public DataSplit Split { get; init; } = DataSplit.Test;

    /// <summary>Folder that the paths in a list are relative to; null takes the list's own folder.</summary>
    public string? Base { get; init; }

    /// <summary>Published data set of the images, such as "VisA"; null takes the folder's name if it is the name of one.</summary>
    public string? Name { get; init; }

    /// <summary>Classes to take, named as in folders or lists; empty takes all.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Number of images per class, half of them normal; null takes all.</summary>
    public int? Shots { get; init; }

    /// <summary>Seed for the choice of <see cref="Shots"/> images.</summary>
    public int Seed { get; init; } = 111;
}

/// <summary>Part of a data set.</summary>
public enum DataSplit
{
    /// <summary>Training images; in MVTec's layout these are all normal.</summary>
    Train,

    /// <summary>Test images.</summary>
    Test,

    /// <summary>Training and test images.</summary>
    All,
}
