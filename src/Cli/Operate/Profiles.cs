using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using Azure;

namespace AaClip.Cli.Operate;

/// <summary>The file of camera profiles that a verb puts into storage.</summary>
internal static class Profiles
{
    /// <param name="named">By the caller, checked before anything starts; null takes azurite/cameras.json of the checkout.</param>
    /// <returns>Null where there is no such file.</returns>
    public static async Task<byte[]?> ReadAsync(string? named, CancellationToken cancellation)
    {
        if ((named ?? ProjectFiles.Find("azurite/cameras.json")) is not { } file)
            return null;
        byte[] profiles = await File.ReadAllBytesAsync(file, cancellation);
        if (named is not null)
            CameraSet.Parse(profiles, named);
        return profiles;
    }

    /// <summary>The classes of the profiles in storage that a package, which has calibrations, has none for: a line for each.</summary>
    public static async Task<IReadOnlyList<string>> GapsAsync(StorageClients storage, ModelManifest model, CancellationToken cancellation)
    {
        CameraSet cameras = CameraSet.Default;
        try
        {
            byte[] stored = (
                await storage.Container(ContainerNames.Config).GetBlobClient(CameraProfiles.Blob).DownloadContentAsync(cancellation)
            ).Value.Content.ToArray();
            cameras = CameraSet.Parse(stored, CameraProfiles.Blob);
        }
        catch (Exception e) when (e is RequestFailedException { Status: 404 } or InvalidDataException)
        {
            // absent: every camera has the default profile; broken: log and health say so
        }

        return
        [
            .. from name in cameras.Names
            group name by (cameras.Find(name) ?? CameraProfile.Default).Class into same
            let gap = model.CalibrationGap(same.Key)
            where gap is not null
            select $"Verdicts of {(same.Contains("*") ? "cameras without a profile of their own" : $"'{string.Join("', '", same)}'")} "
                + $"will say little. {gap}"
                + " Profiles come with --cameras FILE.",
        ];
    }
}
