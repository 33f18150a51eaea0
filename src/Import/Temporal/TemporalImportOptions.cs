using AaClip.Scoring.Events;

namespace AaClip.Import.Temporal;

/// <summary>What to import as a temporal package, and the properties of the package.</summary>
public sealed record TemporalImportOptions
{
    /// <summary>VadCLIP's checkpoint: model_ucf.pth, model_xd.pth, or one that 'aaclip train-events' wrote.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>CLIP weights (ViT-B/16); null where the checkpoint contains them, as the published files do.</summary>
    public string? Clip { get; init; }

    /// <summary>CLIP's vocabulary; null searches the folder of the CLIP weights.</summary>
    public string? Vocabulary { get; init; }

    /// <summary>Folder of the new package; must not exist yet.</summary>
    public required string Output { get; init; }

    /// <summary>"ucf", "xd", or the names of the classes, the first of them "normal".</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Snippets that attend to each other; null takes 8 for a published file of two blocks, 64 for one of one block.</summary>
    public int? Window { get; init; }

    /// <summary>The branch that events are found with; null takes alignment for the classes "xd", otherwise binary, as published.</summary>
    public EventScore? Score { get; init; }

    /// <summary>Whether frames are mirrored; null mirrors them for the classes "ucf", as published (crop 5).</summary>
    public bool? Mirrored { get; init; }

    /// <summary>Attention heads of the image tower; null means width / 64.</summary>
    public int? VisionHeads { get; init; }

    /// <summary>Attention heads of the text tower; null means width / 64.</summary>
    public int? TextHeads { get; init; }

    /// <summary>Name of the model; null means the output folder's name.</summary>
    public string? Name { get; init; }

    /// <summary>Version of the model; null means the first digits of the hash of its content.</summary>
    public string? Version { get; init; }
}
