using System.CommandLine;
using System.Globalization;
using AaClip.Pipeline.Models;
using AaClip.Scoring.Packages;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip publish</c>, <c>promote</c> and <c>shadow</c>: which models the workers of an account use.</summary>
internal static class ModelCommands
{
    public static Command Publish()
    {
        Argument<string> folder = new("FOLDER") { Description = "A model package, made by 'aaclip import' or 'aaclip calibrate'." };
        Account account = new();
        Verb command = new(
            "publish",
            "Stores a model package in the models container, from where workers fetch it. Packages never change: an existing one is "
                + "left as it is.",
            "aaclip publish models/better"
        )
        {
            folder,
        };
        account.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    string path = parsed.GetValue(folder)!;
                    if (!Directory.Exists(path))
                        throw new DirectoryNotFoundException($"No model package at '{path}': make one with 'aaclip import'.");
                    _ = ModelPackage.Open(path); // a package of another kind is refused before storage is asked
                    JobServices services = new(await account.OpenAsync(parsed, cancellation));
                    Console.WriteLine($"Published: {await services.PublishedAsync(path, cancellation)}");
                    return 0;
                })
        );
        return command;
    }

    public static Command Promote()
    {
        Argument<string?> model = new("MODEL")
        {
            Description = "name@version, or a package's folder, which is published first. Without it, the current roles are shown.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> own = new("--own") { Description = "Goes back to the package at Model__Path." };
        Option<bool> without = new("--without-scan")
        {
            Description = "Promotes the model whatever its scan (aaclip scan) says, or without one; the record of promotions says so.",
        };
        Option<bool> repin = Repin();
        Account account = new();
        Verb command = new(
            "promote",
            "Makes a model the live one for new images. Workers load it while the old model still scores, then switch between two "
                + "images, within seconds and without a restart. Results of the old model are kept.",
            "aaclip promote aaclip@3f2a91bc",
            "aaclip promote models/better --without-scan",
            "aaclip promote --own"
        )
        {
            model,
            own,
            without,
            repin,
        };
        account.AddTo(command);
        command.Rules.Add(r => r.GetValue(own) && r.GetValue(model) is not null ? "MODEL and --own exclude each other." : null);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    JobServices services = new(await account.OpenAsync(parsed, cancellation));
                    if (parsed.GetValue(model) is not { } chosen)
                    {
                        Write(
                            parsed.GetValue(own)
                                ? await services.Choice.PromoteAsync(null, Environment.UserName, cancellation: cancellation)
                                : await services.Choice.GetAsync(cancellation)
                        );
                        return 0;
                    }

                    string id = await services.PublishedAsync(chosen, cancellation);
                    string hash = await services.AcceptAsync(id, parsed.GetValue(repin), cancellation);
                    string scan = await services.ScanOfAsync(id, hash, parsed.GetValue(without), cancellation);
                    Write(await services.Choice.PromoteAsync(id, Environment.UserName, hash, scan, cancellation));
                    Console.WriteLine($"Scan    {scan}");
                    return 0;
                })
        );
        return command;
    }

    public static Command Shadow()
    {
        Argument<string?> model = new("MODEL")
        {
            Description = "name@version, or a package's folder, which is published first.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<double> share = new("--share")
        {
            Description = "Share of new images, above 0 to 1.",
            DefaultValueFactory = _ => 0.1,
            HelpName = "X",
            CustomParser = Values.Number<double>(x => x is > 0 and <= 1, "a number above 0 and at most 1"),
        };
        Option<bool> off = new("--off") { Description = "Ends the scoring with the second model." };
        Option<bool> repin = Repin();
        Account account = new();
        Verb command = new(
            "shadow",
            "Scores a share of the new images with a second model too, at lower priority and without alerts. Compare the two models "
                + "with 'aaclip rescore --mode compare'.",
            "aaclip shadow aaclip@9c0d11ee --share 0.2",
            "aaclip rescore --mode compare --model aaclip@9c0d11ee --from 2d",
            "aaclip shadow --off"
        )
        {
            model,
            share,
            off,
            repin,
        };
        account.AddTo(command);
        command.Rules.Add(r =>
            (r.GetValue(off), r.GetValue(model)) switch
            {
                (true, not null) => "MODEL and --off exclude each other.",
                (false, null) => "Name a MODEL, or --off.",
                _ => null,
            }
        );
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    JobServices services = new(await account.OpenAsync(parsed, cancellation));
                    string? id = parsed.GetValue(model) is { } chosen ? await services.PublishedAsync(chosen, cancellation) : null;
                    string? hash = id is null ? null : await services.AcceptAsync(id, parsed.GetValue(repin), cancellation);
                    Write(await services.Choice.ShadowAsync(id, parsed.GetValue(share), hash, cancellation));
                    return 0;
                })
        );
        return command;
    }

    private static Option<bool> Repin() =>
        new("--repin")
        {
            Description = "Pins the package that is stored now, where another one was pinned under this name: check it first.",
        };

    private static void Write(ModelRoles roles)
    {
        Console.WriteLine(
            $"Live    {roles.Live ?? "the package at Model__Path"}"
                + $"{(roles.PromotedAt is { } at ? $", since {at.ToLocalTime():yyyy-MM-dd HH:mm:ss}" : "")}"
                + Pin(roles, roles.Live)
        );
        if (roles.Before.Count > 0)
            Console.WriteLine($"Before  {roles.Before[0] ?? "the package at Model__Path"}");
        if (roles.Shadow is { } shadow)
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"Shadow  {shadow.Model}, {100 * shadow.Share:0.##} % of new images")
                    + Pin(roles, shadow.Model)
            );
    }

    private static string Pin(ModelRoles roles, string? model) =>
        model is not null && roles.Pins.TryGetValue(model, out string? hash) ? $", model.json {hash[..Math.Min(12, hash.Length)]}" : "";
}
