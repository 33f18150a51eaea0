using System.CommandLine;
using AaClip.Synthesis;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip generate</c>: draws images of parts and surfaces, with defects and masks.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        Option<string> output = new("--out")
        {
            Description = "Folder of the data set, in MVTec's layout; must be empty.",
            Required = true,
            HelpName = "DIR",
        };
        Option<string[]> classes = new("--classes")
        {
            Description = $"seen, unseen, all, or names: {string.Join(", ", Catalog.All.Select(c => c.Name))}.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ["all"],
            HelpName = "NAME...",
        };
        Option<int> images = new("--images")
        {
            Description = "Test images of each class, half of them with a defect; and as many normal ones for training.",
            DefaultValueFactory = _ => 40,
            HelpName = "N",
            CustomParser = Values.Whole(2, 100_000),
        };
        Option<int> size = new("--size")
        {
            Description = "Side of an image in pixels.",
            DefaultValueFactory = _ => 256,
            HelpName = "PIXELS",
            CustomParser = Values.Whole(32, 2048),
        };
        Option<int> seed = new("--seed")
        {
            Description = "The same seed gives the same images.",
            DefaultValueFactory = _ => 1,
            HelpName = "N",
            CustomParser = Values.Whole(),
        };
        Option<string[]> photos = new("--photos")
        {
            Description =
                "Your own photos of good parts: instead of drawing --classes, paints defects onto these photos, so that training needs "
                + "good parts only.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "PATH...",
        };
        Option<string?> name = new("--class") { Description = "What the object on --photos is called.", HelpName = "NAME" };
        Verb command = new(
            "generate",
            "Draws inspection images with defects and pixel masks, or paints defects onto photos of good parts.",
            "aaclip generate --classes unseen --out samples-unseen/",
            "aaclip generate --classes \"hex nut\" gear --images 100 --size 512 --out parts/",
            "aaclip generate --photos good/ --class cookie --images 400 --size 518 --out cookies/"
        )
        {
            output,
            classes,
            photos,
            name,
            images,
            size,
            seed,
        };
        command.Rules.Add(r => Verb.Has(r, photos) != Verb.Has(r, name) ? "--photos and --class go together." : null);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                {
                    if (parsed.GetValue(name) is { } className)
                    {
                        string[] files = ImageFiles.Paths(parsed.GetValue(photos) ?? []);
                        using (ProgressLine line = new())
                            SyntheticDataSet.WriteFromPhotos(
                                parsed.GetRequiredValue(output),
                                className,
                                files,
                                parsed.GetValue(images),
                                parsed.GetValue(size),
                                parsed.GetValue(seed),
                                (done, all) => line.Show("Painting", done, all),
                                cancellation
                            );
                        Console.WriteLine(
                            $"{parsed.GetValue(images)} images of {files.Length} photos in {parsed.GetRequiredValue(output)}"
                        );
                        return 0;
                    }

                    ObjectClass[] chosen = [.. (parsed.GetValue(classes) ?? []).SelectMany(Named).Distinct()];
                    string folder = parsed.GetRequiredValue(output);
                    using (ProgressLine line = new())
                        SyntheticDataSet.Write(
                            folder,
                            chosen,
                            parsed.GetValue(images),
                            parsed.GetValue(size),
                            parsed.GetValue(seed),
                            (done, all) => line.Show("Drawing", done, all),
                            cancellation
                        );
                    Console.WriteLine($"{chosen.Length} classes in {folder}");
                    return 0;
                })
        );
        return command;
    }

    private static IEnumerable<ObjectClass> Named(string name) =>
        name.ToLowerInvariant() switch
        {
            "all" => Catalog.All,
            "seen" => Catalog.Seen,
            "unseen" => Catalog.Unseen,
            _ => [Catalog.Find(name)],
        };
}
