namespace AaClip.Pipeline.Storage;

/// <summary>Names of the blob containers.</summary>
public static class ContainerNames
{
    /// <summary>Uploaded images, "camera/path"; the pipeline never writes to it.</summary>
    public const string Images = "images";

    /// <summary>Result documents, and under "failed/" the messages of poison queues.</summary>
    public const string Results = "results";

    /// <summary>Images with the map as an overlay, JPEG.</summary>
    public const string Heatmaps = "heatmaps";

    /// <summary>Raw maps, 16-bit PNG.</summary>
    public const string Maps = "maps";

    /// <summary>Features of frames, float16.</summary>
    public const string Features = "features";

    /// <summary>Time lines of cameras with events.</summary>
    public const string Timelines = "timelines";

    /// <summary>Model packages.</summary>
    public const string Models = "models";

    /// <summary>Camera profiles and the models' roles.</summary>
    public const string Config = "config";

    /// <summary>Records of rescoring jobs.</summary>
    public const string Jobs = "jobs";

    /// <summary>State of each camera: alerts, and open windows of events.</summary>
    public const string State = "state";

    /// <summary>All container names.</summary>
    public static IReadOnlyList<string> All { get; } = [Images, Results, Heatmaps, Maps, Features, Timelines, Models, Config, Jobs, State];
}
