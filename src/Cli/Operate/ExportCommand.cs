using System.CommandLine;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip export</c>: years of results for other tools.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        Option<string> parquet = new("--parquet")
        {
            Description = "Folder for Parquet files, one for each month: results-2026-11.parquet. Files that are there are replaced.",
            HelpName = "DIR",
            Required = true,
        };
        Option<DateTimeOffset?> from = Since.Option("Only images stored since then: a duration back from now (7d), or a time.", "--from");
        Option<DateTimeOffset?> to = Since.Option("Only images stored before then, in the same way.", "--to");
        Option<string?> camera = CameraOptions.Camera();
        Option<string?> model = new("--model") { Description = "Only results of this model. Default: of all.", HelpName = "NAME@VERSION" };
        Account account = new();
        Verb command = new(
            "export",
            "Writes the results of the index as Parquet files, which DuckDB, pandas and Power BI read. Times are UTC.",
            "aaclip export --parquet results",
            "aaclip export --parquet results --camera line1 --from 2026-01-01 --to 2026-07-01"
        )
        {
            parquet,
            from,
            to,
            camera,
            model,
        };
        account.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    StorageClients storage = await account.OpenAsync(parsed, cancellation);
                    ResultQuery query = new()
                    {
                        Camera = parsed.GetValue(camera),
                        Model = parsed.GetValue(model),
                        From = parsed.GetValue(from),
                        To = parsed.GetValue(to),
                    };
                    string folder = Path.GetFullPath(parsed.GetRequiredValue(parquet));
                    Directory.CreateDirectory(folder);
                    return await ExportAsync(new ResultIndex(storage), query, folder, cancellation);
                })
        );
        return command;
    }

    private static async Task<int> ExportAsync(ResultIndex index, ResultQuery query, string folder, CancellationToken cancellation)
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
}
