using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Storage;

/// <summary>Settings of names in the storage account.</summary>
public sealed class StorageOptions
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Storage";

    /// <summary>
    /// Prefix of every container and queue name; default none. Only the pipeline's own clients use it, not the triggers: it is for tests
    /// and tools that share one account.
    /// </summary>
    [RegularExpression(
        "^([a-z0-9]([a-z0-9]|-(?=[a-z0-9])){0,30}-)?$",
        ErrorMessage = "Storage__Prefix takes lower-case letters, digits and single hyphens, with a hyphen at the end, or nothing."
    )]
    public string Prefix { get; set; } = "";
}

/// <summary>Checks <see cref="StorageOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;
