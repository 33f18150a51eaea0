using System.CommandLine;
using AaClip.Cli.Operate;
using AaClip.Pipeline.Operations;

namespace AaClip.Cli.Demo;

/// <summary><c>aaclip run</c>, which <c>make run</c> calls: a demonstration of the whole pipeline.</summary>
internal static class DemoCommand
{
    /// <summary>If set to 1, the run ends by itself on a terminal too.</summary>
    public const string OnceVariable = "AACLIP_RUN_ONCE";

    public static Command Create()
    {
        Option<string?> model = new("--model")
        {
            Description = "Model package. Default: models/demo; if it is absent, a small model with random weights.",
            HelpName = "DIR",
        };
        Option<string?> samples = new("--samples")
        {
            Description = "Folder of images, with a subfolder for each camera. Default: samples; if it is absent, drawn pictures.",
            HelpName = "DIR",
        };
        Option<Rate?> rate = new("--rate")
        {
            Description = "Rate of the images: 2/s, 30/min.",
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
            $"Demonstrates the pipeline on this machine: starts storage and functions, stores sample images as cameras would, shows "
                + $"verdicts and alerts. On a terminal it runs until Ctrl-C; elsewhere, or with {OnceVariable}=1, it ends when all "
                + $"samples are processed. The exit code is 0 only when every image is accounted for.",
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
