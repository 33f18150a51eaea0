using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Routing;

/// <summary>Settings of the camera profiles.</summary>
public sealed class CamerasOptions
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Cameras";

    /// <summary>Seconds between two reads of config/cameras.json; 0 (each time) to 3600; default 5.</summary>
    [Range(0.0, 3600.0)]
    public double RefreshSeconds { get; set; } = 5;
}

/// <summary>Checks <see cref="CamerasOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class CamerasOptionsValidator : IValidateOptions<CamerasOptions>;
