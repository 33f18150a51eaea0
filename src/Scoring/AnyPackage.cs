using AaClip.Scoring.Events;
using AaClip.Scoring.Packages;

namespace AaClip.Scoring;

/// <summary>Packages of all kinds.</summary>
public static class AnyPackage
{
    /// <summary>Opens a package of any kind, and checks model.json and the sizes of its files.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">As for <see cref="ModelPackage.Open"/>.</exception>
    public static PackageFolder Open(string folder) =>
        PackageFolder.KindOf(folder) switch
        {
            PackageKind.Check => CheckPackage.Open(folder).Content,
            PackageKind.Temporal => TemporalPackage.Open(folder).Content,
            _ => ModelPackage.Open(folder).Content,
        };
}
