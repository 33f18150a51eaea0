using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using Azure;

namespace AaClip.Cli.Operate;

/// <summary>The file of camera profiles that a verb writes to storage.</summary>
internal static class Profiles
{
    /// <param name="named">File that the caller names, which is checked; null takes azurite/cameras.json of the checkout.</param>
    /// <returns>Content of the file; null if the checkout has none.</returns>
    public static async Task<byte[]?> ReadAsync(string? named, CancellationToken cancellation)
    {
        if ((named ?? ProjectFiles.Find("azurite/cameras.json")) is not { } file)
            return null;
        byte[] profiles = await File.ReadAllBytesAsync(file, cancellation);
        if (named is not null)
            CameraSet.Parse(profiles, named);
        return profiles;
    }

    /// <summary>
    /// Classes in the camera profiles in storage for which a package has no calibration, although it has some: one line each.
    /// </summary>
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
            // absent: every camera has the default profile; broken: the log and the health function report it
        }

        return
        [
            .. from name in cameras.Names
            group name by (cameras.Find(name) ?? CameraProfile.Default).Class into same
            let gap = model.CalibrationGap(same.Key)
            where gap is not null
            select $"Verdicts of {(same.Contains("*") ? "cameras without a profile of their own" : $"'{string.Join("', '", same)}'")} "
                + $"are not reliable. {gap}"
                + " Pass camera profiles with --cameras FILE.",
        ];
    }
}
