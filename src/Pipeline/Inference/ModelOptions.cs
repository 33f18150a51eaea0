using System.ComponentModel.DataAnnotations;
using AaClip.Scoring.Sessions;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Inference;

/// <summary>The live model.</summary>
public sealed class ModelOptions
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Model";

    /// <summary>Folder of the model package; required.</summary>
    [Required(ErrorMessage = "Model__Path is missing: set it to the folder of a model package, made by 'aaclip import'.")]
    public string Path { get; set; } = "";

    /// <summary>"auto" (default), "cpu" or "cuda".</summary>
    [EnumDataType(typeof(Provider), ErrorMessage = "Model__Provider takes auto, cpu or cuda.")]
    public Provider Provider { get; set; } = Provider.Auto;

    /// <summary>Threads of one run, 0 to 1024; 0 (default) takes one for each core.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }
}

/// <summary>Checks <see cref="ModelOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class ModelOptionsValidator : IValidateOptions<ModelOptions>;
