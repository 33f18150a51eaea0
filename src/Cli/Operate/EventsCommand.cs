using System.CommandLine;
using AaClip.LocalHost.Uploads;
using AaClip.Pipeline.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip events</c>: sends BlobCreated events for storage that sends none itself, for any host.</summary>
internal static class EventsCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    public static Command Create()
    {
        Account account = new();
        Verb command = new(
            "events",
            "Watches the images container and puts an event on the uploads queue for each new or overwritten image, as Event Grid "
                + "does in Azure; Azurite sends no such events. Use it for functions under 'func start' or in a container; 'aaclip "
                + "up' and 'aaclip run' do this themselves. Ends with Ctrl-C.",
            "aaclip events",
            "aaclip events --connection \"UseDevelopmentStorage=true\""
        );
        account.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    using ProgressLine progress = new();
                    StorageClients storage = await account.OpenAsync(parsed, cancellation);
                    QueueClient queue = storage.Queue(QueueNames.Uploads);
                    QueueSender sender = new(storage);
                    BlobContainerClient images = storage.Container(ContainerNames.Images),
                        state = storage.Container(ContainerNames.State);
                    ConsoleLogger log = new(progress);
                    await queue.CreateIfNotExistsAsync(cancellationToken: cancellation);
                    await using WatchClaim claim = new(state, images.Name, WatcherNote.Own(null, null), log);
                    string watched = images.Uri.GetLeftPart(UriPartial.Path),
                        events = queue.Uri.GetLeftPart(UriPartial.Path);
                    Console.WriteLine($"Watching {watched}, events go to {events}. Ctrl-C ends it.");
                    await claim.RunAsync(
                        async listening =>
                        {
                            BlobWatcher watcher = new(images, state, Interval, log);
                            await watcher.PrepareAsync(listening);
                            await watcher.RunAsync(
                                (text, token) => sender.SendAsync(QueueNames.Uploads, text, cancellation: token),
                                listening
                            );
                        },
                        cancellation
                    );
                    return 0;
                })
        );
        return command;
    }
}
