using System.CommandLine;
using System.Diagnostics;
using AaClip.Cli.Model;
using AaClip.Pipeline.Operations;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip drop</c>: stores images as a camera would.</summary>
internal static class DropCommand
{
    public static Command Create()
    {
        Argument<string[]> paths = new("path")
        {
            Description = "Folders, images, or globs in quotes.",
            Arity = ArgumentArity.OneOrMore,
            HelpName = "PATH",
        };
        Option<string> camera = new("--camera")
        {
            Description = "Name of the camera: the first folder in the names of the stored images.",
            Required = true,
            HelpName = "NAME",
        };
        Option<Rate?> rate = new("--rate")
        {
            Description = "Rate of the images: 2/s, 30/min, 600/h. Default: as fast as storage takes them.",
            HelpName = "N/s",
            CustomParser = Values.Of<Rate>(Rate.Parse, Rate.Expected),
        };
        Option<bool> loop = new("--loop")
        {
            Description = "Starts again after the last image, in a folder pass-2, pass-3, ..., until Ctrl-C.",
        };
        Account account = new();
        Verb command = new(
            "drop",
            "Stores images as a camera would, as {camera}/{path below the named folder}. The exit code is 1 when any image could "
                + "not be stored.",
            "aaclip drop --camera line1 photos/",
            "aaclip drop --camera line1 --rate 2/s --loop \"photos/**/*.png\"",
            "aaclip drop --camera line1 --account https://plant1.blob.core.windows.net photos/"
        )
        {
            paths,
            camera,
            rate,
            loop,
        };
        account.AddTo(command);
        camera.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<string>() is not { Length: > 0 } name || name.AsSpan().ContainsAny('/', '\\') || name.EndsWith('.'))
                r.AddError("--camera takes the name of a folder, without slashes and without a dot at its end.");
        });
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    IReadOnlyList<ImageFile> files = ImageFiles.Find(parsed.GetRequiredValue(paths));
                    RefuseEqualNames(files);
                    var storage = await account.OpenAsync(parsed, cancellation);
                    return await DropAsync(
                        stored => new Drop(storage, TimeProvider.System)
                        {
                            Rate = parsed.GetValue(rate),
                            Loop = parsed.GetValue(loop),
                            Stored = stored,
                        },
                        parsed.GetRequiredValue(camera),
                        files,
                        parsed.GetValue(loop),
                        cancellation
                    );
                })
        );
        return command;
    }

    private static async Task<int> DropAsync(
        Func<Action<Dropped>, Drop> make,
        string camera,
        IReadOnlyList<ImageFile> files,
        bool loop,
        CancellationToken cancellation
    )
    {
        Stopwatch clock = Stopwatch.StartNew();
        int count = 0;
        long bytes = 0;
        using ProgressLine progress = new();
        Drop drop = make(image =>
        {
            lock (clock)
            {
                count++;
                bytes += image.Bytes;
                progress.Show(loop ? FormattableString.Invariant($"Dropped {count}") : "Dropping", count, loop ? 1 : files.Count);
            }
        });
        IReadOnlyList<DropFailure> failures = [];
        try
        {
            failures = await drop.RunAsync([.. files.Select(f => new DropItem(camera, f.Path, f.Relative))], cancellation);
        }
        finally
        {
            progress.Clear(); // also after Ctrl-C: stored images stay stored, and are reported
            Console.WriteLine(
                FormattableString.Invariant(
                    $"{count} images of camera '{camera}' dropped, {Run.Bytes(bytes)} in {clock.Elapsed.TotalSeconds:F1} s."
                )
            );
        }

        if (failures.Count == 0)
            return 0;
        Console.Error.WriteLine($"{failures.Count} images could not be stored:");
        foreach (DropFailure failure in failures)
            Console.Error.WriteLine($"  {failure.Path}: {StorageErrors.Explain(failure.Error) ?? failure.Error.Message}");
        return Run.Failed;
    }

    // The second would overwrite the first, and one image would never be scored.
    private static void RefuseEqualNames(IReadOnlyList<ImageFile> files)
    {
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        foreach (ImageFile file in files)
            if (!names.TryAdd(file.Relative, file.Path))
                throw new InvalidDataException(
                    $"'{names[file.Relative]}' and '{file.Path}' would both be stored as '{file.Relative}': name the folder above "
                        + $"them, or drop them one after the other for two cameras."
                );
    }
}
