using System.ComponentModel.DataAnnotations;
using AaClip.Scoring.Sessions;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>The models.</summary>
public sealed class ModelOptions
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Model";

    /// <summary>Folder of the model package that is live until another one is promoted; required.</summary>
    [Required(ErrorMessage = "Model__Path is missing: set it to the folder of a model package, made by 'aaclip import'.")]
    public string Path { get; set; } = "";

    /// <summary>
    /// True (default) loads the live model while the process starts, and health asks for it. False is for a process whose functions score
    /// nothing: it needs only the model's name.
    /// </summary>
    public bool Load { get; set; } = true;

    /// <summary>"auto" (default), "cpu" or "cuda".</summary>
    [EnumDataType(typeof(Provider), ErrorMessage = "Model__Provider takes auto, cpu or cuda.")]
    public Provider Provider { get; set; } = Provider.Auto;

    /// <summary>
    /// Folder where packages of the models container are kept; empty (default) takes "aaclip-models" in the folder for temporary files.
    /// </summary>
    public string Cache { get; set; } = "";

    /// <summary>
    /// Seconds between two looks at config/models.json, 0 to 3600; default 5. A promoted model takes over within this time and what its
    /// loading takes.
    /// </summary>
    [Range(0, 3600)]
    public int RefreshSeconds { get; set; } = 5;

    /// <summary>
    /// Seconds for which the model must have failed, 5 to 3600, until the process counts as dead and ends, so that a new one may help;
    /// default 120. Its images wait meanwhile, and lose no attempt.
    /// </summary>
    [Range(5, 3600)]
    public int DeadAfterSeconds { get; set; } = 120;

    /// <summary>Threads of one run, 0 to 1024; 0 (default) takes one for each core.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }
}

/// <summary>Checks <see cref="ModelOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class ModelOptionsValidator : IValidateOptions<ModelOptions>;
