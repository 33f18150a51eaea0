using System.CommandLine;
using AaClip.Cli.Operate;
using AaClip.Pipeline.Operations;

namespace AaClip.Cli.Demo;

/// <summary><c>aaclip run</c>, which <c>make run</c> calls: everything at once, to look at.</summary>
internal static class DemoCommand
{
    /// <summary>Set to 1, the run ends by itself also on a terminal.</summary>
    public const string OnceVariable = "AACLIP_RUN_ONCE";

    public static Command Create()
    {
        Option<string?> model = new("--model")
        {
            Description = "Model package. Default: models/demo, and where that is absent a small model of random weights.",
            HelpName = "DIR",
        };
        Option<string?> samples = new("--samples")
        {
            Description = "Folder of images, one folder below for each camera. Default: samples, and where that is absent drawn pictures.",
            HelpName = "DIR",
        };
        Option<Rate?> rate = new("--rate")
        {
            Description = "Pace of the cameras: 2/s, 30/min.",
            DefaultValueFactory = _ => new Rate(2),
            HelpName = "N/s",
            CustomParser = Values.Of<Rate>(Rate.Parse, Rate.Expected),
        };
        Option<string> heatmaps = new("--heatmaps")
        {
            Description = "Folder for copies of the heatmaps.",
            DefaultValueFactory = _ => Path.Combine("artifacts", "run", "heatmaps"),
            HelpName = "DIR",
        };
        Verb command = new(
            "run",
            $"Shows the pipeline at work on this machine: starts storage and functions, drops sample images as cameras would, shows "
                + $"verdicts and alerts. Stays until Ctrl-C on a terminal; elsewhere, or with {OnceVariable}=1, ends when all "
                + $"samples are through. The exit code is 0 only when every image is accounted for.",
            "aaclip run",
            $"{OnceVariable}=1 aaclip run --model models/aaclip --samples photos/"
        )
        {
            model,
            samples,
            rate,
            heatmaps,
        };
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                    new DemoRun
                    {
                        Model = parsed.GetValue(model),
                        Samples = parsed.GetValue(samples),
                        Rate = parsed.GetValue(rate) ?? new Rate(2), // it has a default
                        Heatmaps = Path.GetFullPath(parsed.GetRequiredValue(heatmaps)),
                        Once = Console.IsOutputRedirected || Environment.GetEnvironmentVariable(OnceVariable) == "1",
                        Table = !Console.IsOutputRedirected,
                    }.ExecuteAsync(cancellation)
                )
        );
        return command;
    }
}
