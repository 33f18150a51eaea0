using AaClip.Pipeline.Cameras;

namespace AaClip.Cli.Pipeline;

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
}
