using System.CommandLine;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Storage;
using Decision = AaClip.Pipeline.Reviews.Review;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip export</c>: years of results for other tools, and decided images as a data set.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        Option<string?> parquet = new("--parquet")
        {
            Description = "Folder for Parquet files, one for each month: results-2026-11.parquet. Files that are there are replaced.",
            HelpName = "DIR",
        };
        Option<string?> mvtec = new("--mvtec")
        {
            Description =
                "Folder for the images on which people decided, in the layout of MVTec AD, which 'aaclip train' and 'aaclip evaluate' "
                + "read. A second run adds what is new, and moves images whose decision has changed.",
            HelpName = "DIR",
        };
        Option<DateTimeOffset?> from = Since.Option("Only images stored since then: a duration back from now (7d), or a time.", "--from");
        from.Aliases.Add("--since");
        Option<DateTimeOffset?> to = Since.Option("Only images stored before then, in the same way.", "--to");
        Option<string[]> camera = new("--camera")
        {
            Description = "Only these cameras; --parquet takes one. Default: all.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "NAME...",
        };
        Option<string?> model = new("--model") { Description = "Only results of this model. Default: of all.", HelpName = "NAME@VERSION" };
        Option<string?> name = new("--name")
        {
            Description = "With --mvtec: what the object is called. Default: as in the results, one class for each name.",
            HelpName = "CLASS",
        };
        Option<bool> masked = new("--masked")
        {
            Description = "With --mvtec: leaves out defects without regions. 'aaclip train' needs a mask of every defect.",
        };
        Account account = new();
        Verb command = new(
            "export",
            "Writes the results of the index as Parquet files, which DuckDB, pandas and Power BI read, or decided images as a data set. "
                + "Times are UTC.",
            "aaclip export --parquet results",
            "aaclip export --parquet results --camera line1 --from 2026-01-01 --to 2026-07-01",
            "aaclip export --mvtec data --camera line1 line2 --since 90d --name bottle",
            "aaclip evaluate --model models/aaclip --data data"
        )
        {
            parquet,
            mvtec,
            from,
            to,
            camera,
            model,
            name,
            masked,
        };
        account.AddTo(command);
        command.Rules.Add(r =>
            Verb.Has(r, parquet) == Verb.Has(r, mvtec) ? "Give --parquet for results, or --mvtec for decided images."
            : Verb.Has(r, parquet) && ((Option[])[name, masked]).FirstOrDefault(o => Verb.Has(r, o)) is { } ofImages
                ? $"{ofImages.Name} goes with --mvtec."
            : Verb.Has(r, mvtec) && Verb.Has(r, model) ? "--model goes with --parquet: a decision is on an image, whatever the model."
            : Verb.Has(r, parquet) && r.GetValue(camera) is { Length: > 1 } ? "--parquet takes one --camera."
            : null
        );
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    StorageClients storage = await account.OpenAsync(parsed, cancellation);
                    string[] cameras = parsed.GetValue(camera) ?? [];
                    if (parsed.GetValue(mvtec) is { } images)
                        return await ImagesAsync(
                            storage,
                            await new ReviewedResults(new ResultIndex(storage), new ReviewStore(storage, TimeProvider.System)).NewestAsync(
                                parsed.GetValue(from),
                                parsed.GetValue(to),
                                cameras.Length > 0 ? cameras : null,
                                cancellation
                            ),
                            new MvtecFolder(Path.GetFullPath(images)),
                            parsed.GetValue(name),
                            parsed.GetValue(masked),
                            cancellation
                        );
                    ResultQuery query = new()
                    {
                        Camera = cameras.SingleOrDefault(),
                        Model = parsed.GetValue(model),
                        From = parsed.GetValue(from),
                        To = parsed.GetValue(to),
                    };
                    string folder = Path.GetFullPath(parsed.GetRequiredValue(parquet)!); // the rule above requires it
                    Directory.CreateDirectory(folder);
                    return await ResultsAsync(new ResultIndex(storage), query, folder, cancellation);
                })
        );
        return command;
    }

    private static async Task<int> ResultsAsync(ResultIndex index, ResultQuery query, string folder, CancellationToken cancellation)
    {
        using ProgressLine progress = new();
        int files = 0;
        foreach (DateOnly month in await index.MonthsAsync(cancellation))
        {
            ResultQuery whole = ResultQuery.OfMonth(month);
            if (whole.To <= query.From || whole.From >= query.To)
                continue;
            ResultQuery part = query with
            {
                From = query.From > whole.From ? query.From : whole.From,
                To = query.To < whole.To ? query.To : whole.To,
            };
            string path = Path.Combine(folder, ParquetResults.FileOf(month));
            int rows = await ParquetResults.WriteAsync(
                path,
                index.QueryAsync(part, cancellation),
                done => progress.Show($"{Path.GetFileName(path)}: {done} rows", 0, 0),
                cancellation
            );
            progress.Clear();
            if (rows == 0)
                continue;
            files++;
            Console.WriteLine($"{path}: {rows} rows");
        }

        if (files == 0)
            Console.Error.WriteLine("No results.");
        return 0;
    }

    private static async Task<int> ImagesAsync(
        StorageClients storage,
        IReadOnlyList<Decision> decisions,
        MvtecFolder folder,
        string? name,
        bool masked,
        CancellationToken cancellation
    )
    {
        IReadOnlyList<ExportedImage> images;
        using (ProgressLine progress = new())
            images = await new MvtecExport(storage, folder, name, masked).RunAsync(
                decisions,
                done => progress.Show("Writing images", done, decisions.Count),
                cancellation
            );
        foreach (ExportedImage image in images.Where(i => i.Why is not null).OrderBy(i => i.Image, StringComparer.Ordinal))
            Console.Error.WriteLine($"{image.Image}: {image.Why}");
        if (images.Any(i => i.Why is not null))
            Console.Error.WriteLine(
                $"{images.Count(i => i.Why is not null)} of {images.Count} decided images are not in the data set, or not up to date."
            );
        if (!decisions.Any(d => d.Verdict is ReviewVerdict.Fine or ReviewVerdict.Defect))
            Console.Error.WriteLine("No decisions.");
        Tables.Write([Column.Name("class"), "train/good", "test/good", "test/defect", "masks"], folder.Counts);
        Console.WriteLine(
            string.Join(
                ", ",
                new[] { Exported.Added, Exported.Changed, Exported.Deleted, Exported.Kept }.Select(what =>
                    $"{images.Count(i => i.What == what)} {what.ToString().ToLowerInvariant()}"
                )
            )
        );
        return 0;
    }
}
