namespace AaClip.Pipeline.Storage;

/// <summary>The blob containers.</summary>
public static class ContainerNames
{
    /// <summary>What cameras drop, "camera/path"; never written by the pipeline.</summary>
    public const string Images = "images";

    /// <summary>Result documents, and under "failed/" messages that were given up on.</summary>
    public const string Results = "results";

    /// <summary>Overlays on the image, JPEG.</summary>
    public const string Heatmaps = "heatmaps";

    /// <summary>Raw maps, PNG of 16 bits.</summary>
    public const string Maps = "maps";

    /// <summary>Model packages.</summary>
    public const string Models = "models";

    /// <summary>Camera profiles.</summary>
    public const string Config = "config";

    /// <summary>Rescoring jobs.</summary>
    public const string Jobs = "jobs";

    /// <summary>States of alerts.</summary>
    public const string State = "state";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Images, Results, Heatmaps, Maps, Models, Config, Jobs, State];
}
