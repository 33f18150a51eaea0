using System.CommandLine;

namespace AaClip.Cli.Operate;

/// <summary>Options about cameras that several verbs share.</summary>
internal static class CameraOptions
{
    /// <summary>The file of the camera profiles.</summary>
    public static Option<string?> Cameras() =>
        new("--cameras")
        {
            Description =
                "Camera profiles (cameras.json) that replace those in storage. Default: those in storage, else azurite/cameras.json.",
            HelpName = "FILE",
        };

    /// <summary>The only camera that a verb looks at.</summary>
    public static Option<string?> Camera() => new("--camera") { Description = "Only this camera. Default: all.", HelpName = "NAME" };
}
