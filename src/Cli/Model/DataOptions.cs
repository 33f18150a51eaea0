using System.CommandLine;
using AaClip.Evaluation.DataSets;

namespace AaClip.Cli.Model;

/// <summary>Options that name labelled images.</summary>
internal sealed class DataOptions
{
    private readonly Option<string> _data = new("--data")
    {
        Description = "Labelled images: a folder in MVTec's or VisA's layout, one class of it, or a .jsonl list as in the published code.",
        Required = true,
        HelpName = "DIR|FILE",
    };
    private readonly Option<string?> _base = new("--base")
    {
        Description = "Folder that the paths in a list are relative to. Default: the folder of the list.",
        HelpName = "DIR",
    };
    private readonly Option<string?> _name = new("--set")
    {
        Description =
            "Published data set of the images, such as VisA: prompts then use its published class names. Default: the folder's name, "
            + "if it is that of a published data set.",
        HelpName = "NAME",
    };
    private readonly Option<DataSplit> _split = new("--split")
    {
        Description = "train, test or all. The published training uses the test images of one data set.",
        DefaultValueFactory = _ => DataSplit.Test,
        CustomParser = Values.Word<DataSplit>(),
    };
    private readonly Option<string[]> _classes = new("--classes")
    {
        Description = "Only these classes.",
        AllowMultipleArgumentsPerToken = true,
        HelpName = "NAME...",
    };
    private readonly Option<int?> _shots = new("--shots")
    {
        Description = "Only this many images of each class, half of them normal.",
        HelpName = "K",
        CustomParser = Values.WholeOrNone(1),
    };

    /// <summary>The option that names the images.</summary>
    public Option<string> Folder => _data;

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_data, _base, _name, _split, _classes, _shots])
            command.Options.Add(option);
    }

    /// <summary>The path of --data, for what is not a data set of images.</summary>
    public string PathOf(ParseResult parsed) => parsed.GetRequiredValue(_data);

    /// <summary>The options that only data sets of images have and that are given.</summary>
    public Option? OfImages(ParseResult parsed) =>
        ((Option[])[_base, _name, _split, _classes, _shots]).FirstOrDefault(o => Verb.Has(parsed, o));

    /// <summary>Opens the data set that the options name.</summary>
    public DataSet Open(ParseResult parsed, int seed = 111) =>
        DataSet.Open(
            parsed.GetRequiredValue(_data),
            new DataSetOptions
            {
                Base = parsed.GetValue(_base),
                Name = parsed.GetValue(_name),
                Split = parsed.GetValue(_split),
                Classes = parsed.GetValue(_classes) ?? [],
                Shots = parsed.GetValue(_shots),
                Seed = seed,
            }
        );
}
