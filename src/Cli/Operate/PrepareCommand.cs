using System.CommandLine;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip prepare</c>: creates what the functions need in a storage account, for any host.</summary>
internal static class PrepareCommand
{
    public static Command Create()
    {
        Account account = new();
        Option<string?> cameras = CameraOptions.Cameras();
        Verb command = new(
            "prepare",
            "Creates the containers and queues that the functions need, and camera profiles if there are none. A second run changes "
                + "nothing; 'aaclip up' and 'aaclip run' do this themselves.",
            "aaclip prepare",
            "aaclip prepare --account mystorage --cameras cameras.json"
        )
        {
            cameras,
        };
        account.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    byte[]? profiles = await Profiles.ReadAsync(parsed.GetValue(cameras), cancellation);
                    StorageClients storage = await account.OpenAsync(parsed, cancellation);
                    bool wrote = await Preparation.RunAsync(storage, profiles, replace: parsed.GetValue(cameras) is not null, cancellation);
                    Console.WriteLine(
                        $"{ContainerNames.All.Count} containers and {QueueNames.All.Count} queues exist on "
                            + $"{storage.Blobs.Uri.GetLeftPart(UriPartial.Path)}"
                    );
                    Console.WriteLine(
                        wrote
                            ? $"Camera profiles were written to {ContainerNames.Config}/{CameraProfiles.Blob}"
                            : $"Camera profiles in {ContainerNames.Config}/{CameraProfiles.Blob} were not changed"
                    );
                    return 0;
                })
        );
        return command;
    }
}
