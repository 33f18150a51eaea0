using System.ComponentModel.DataAnnotations;
using AaClip.Scoring.Sessions;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>Settings of the models.</summary>
public sealed class ModelOptions
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Model";

    /// <summary>Folder of the model package that is live until another one is promoted; required.</summary>
    [Required(ErrorMessage = "Model__Path is missing: set it to the folder of a model package, made by 'aaclip import'.")]
    public string Path { get; set; } = "";

    /// <summary>
    /// True (default) loads the live model at process start; health fails while it is not loaded. False is for a process whose functions do
    /// not score: it needs only the model's name.
    /// </summary>
    public bool Load { get; set; } = true;

    /// <summary>"auto" (default), "cpu", "cuda" or "tensorrt".</summary>
    [EnumDataType(typeof(Provider), ErrorMessage = "Model__Provider takes auto, cpu or cuda.")]
    public Provider Provider { get; set; } = Provider.Auto;

    /// <summary>
    /// Folder for downloaded packages of the models container; empty (default) takes "aaclip-models" in the folder for temporary files.
    /// </summary>
    public string Cache { get; set; } = "";

    /// <summary>
    /// Seconds between two reads of config/models.json, 0 to 3600; default 5. A promoted model becomes live after at most this time plus
    /// its loading time.
    /// </summary>
    [Range(0, 3600)]
    public int RefreshSeconds { get; set; } = 5;

    /// <summary>
    /// The process ends after the model has failed for this many seconds, so that a new process can start; 5 to 3600, default 120. Until
    /// then its images wait and use no delivery attempt.
    /// </summary>
    [Range(5, 3600)]
    public int DeadAfterSeconds { get; set; } = 120;

    /// <summary>Threads of one run, 0 to 1024; 0 (default) takes one per core.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }
}

/// <summary>Checks <see cref="ModelOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class ModelOptionsValidator : IValidateOptions<ModelOptions>;
