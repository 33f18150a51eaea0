using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Scoring;
using AaClip.Scoring.Packages;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip trust</c>: the list of packages that workers may use at all.</summary>
internal static class TrustCommand
{
    public static Command Create()
    {
        Argument<string[]> models = new("MODEL")
        {
            Description = "name@version of a published model, or a package's folder. Without it, the list is shown.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<bool> remove = new("--remove") { Description = "Takes the models off the list; workers that use them stop within seconds." };
        Option<bool> off = new("--off") { Description = "Deletes the list: workers may use any package." };
        Option<bool> json = new("--json") { Description = "One JSON object per line." };
        Account account = new();
        Verb command = new(
            "trust",
            "Lists the packages that workers may use, by the SHA-256 of their model.json: models/trusted.json. Without this list they may "
                + "use any; with it they refuse all others, and their images wait. It protects only if fewer people may write it than may "
                + "publish (docs/security.md).",
            "aaclip trust aaclip@3f2a91bc models/aaclip",
            "aaclip trust",
            "aaclip trust --remove aaclip@3f2a91bc",
            "aaclip trust --off"
        )
        {
            models,
            remove,
            off,
            json,
        };
        account.AddTo(command);
        command.Rules.Add(r =>
            (r.GetValue(off), r.GetValue(remove), r.GetValue(models) is { Length: > 0 }) switch
            {
                (true, true, _) => "--off and --remove exclude each other.",
                (true, _, true) => "MODEL and --off exclude each other.",
                (_, true, false) => "Name a MODEL to remove.",
                _ => null,
            }
        );
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    StorageClients storage = await account.OpenAsync(parsed, cancellation);
                    JobServices services = new(storage);
                    string[] named = parsed.GetValue(models) ?? [];
                    if (parsed.GetValue(off))
                        await services.Trust.ClearAsync(cancellation);
                    else if (parsed.GetValue(remove))
                        await RemoveAsync(services, named, cancellation);
                    else if (named.Length > 0)
                        await AddAsync(storage, services, named, cancellation);
                    Write(await services.Trust.FindAsync(cancellation), parsed.GetValue(json));
                    return 0;
                })
        );
        return command;
    }

    private static async Task AddAsync(StorageClients storage, JobServices services, string[] named, CancellationToken cancellation)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        List<TrustedModel> added = [];
        foreach (string model in named)
        {
            (string id, string hash) = Directory.Exists(model) ? Package(model) : (model, await services.HashAsync(model, cancellation));
            added.Add(new TrustedModel(id, hash, now, Environment.UserName));
        }

        TrustedModels? before = await services.Trust.FindAsync(cancellation);
        await RequireLiveAsync(services, [.. before?.Models ?? [], .. added], cancellation);
        await storage.EnsureCreatedAsync(cancellation);
        await services.Trust.AddAsync(added, cancellation);
    }

    private static async Task RemoveAsync(JobServices services, string[] named, CancellationToken cancellation)
    {
        TrustedModels list = await services.Trust.FindAsync(cancellation) ?? new TrustedModels { Models = [] };
        List<string> hashes = [];
        foreach (string model in named)
        {
            string[] found = Directory.Exists(model)
                ? [Package(model).Hash]
                : [.. list.Models.Where(m => m.Model == model || m.Sha256 == model).Select(m => m.Sha256)];
            if (!found.Any(h => list.Models.Any(m => m.Sha256 == h)))
                throw new ArgumentException($"'{model}' is not in the list: 'aaclip trust' shows what is.");
            hashes.AddRange(found);
        }

        await RequireLiveAsync(services, [.. list.Models.Where(m => !hashes.Contains(m.Sha256))], cancellation);
        await services.Trust.RemoveAsync(hashes, cancellation);
    }

    // A list without the live model stops all workers.
    private static async Task RequireLiveAsync(JobServices services, List<TrustedModel> list, CancellationToken cancellation)
    {
        if (await services.LiveAsync(cancellation) is not { } live)
        {
            Console.Error.WriteLine(
                "No model was promoted, so workers use the package at Model__Path: they refuse it unless its model.json is in the list."
            );
            return;
        }

        string hash = await services.HashAsync(live, cancellation);
        if (list.All(m => m.Sha256 != hash))
            throw new ArgumentException(
                $"The live model {live} would not be in the list, and all images would wait: name it too, or promote another one first."
            );
    }

    private static (string Id, string Hash) Package(string folder)
    {
        PackageFolder package = AnyPackage.Open(folder);
        package.Verify([.. package.Files.Keys]);
        return (package.Id, package.Hash);
    }

    private static void Write(TrustedModels? list, bool json)
    {
        if (list is null)
            Console.Error.WriteLine("There is no list: workers may use any package.");
        else if (list.Models.Count == 0)
            Console.Error.WriteLine("The list is empty: workers refuse every package.");
        else if (json)
            foreach (TrustedModel model in list.Models)
                Console.WriteLine(JsonSerializer.Serialize(model, TrustedModelJson.Default.TrustedModel));
        else
            Tables.Write(
                [Column.Name("model"), "SHA-256 of model.json", "since", Column.Text("by")],
                list.Models.Select(m =>
                    new[]
                    {
                        m.Model,
                        m.Sha256,
                        m.At?.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "",
                        m.Who ?? "",
                    }
                )
            );
    }
}
