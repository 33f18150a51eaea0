using System.CommandLine;
using AaClip.Cli.Model;
using AaClip.Pipeline.Operations;
using AaClip.Scoring.Sessions;

namespace AaClip.Cli.Size;

/// <summary><c>aaclip size</c>: how many replicas do these cameras need, and what do they cost?</summary>
internal static class SizeCommand
{
    public static Command Create()
    {
        Option<int> cameras = new("--cameras")
        {
            Description = "Number of cameras.",
            Required = true,
            HelpName = "N",
            CustomParser = Values.Whole(1, 1_000_000),
        };
        Option<Rate?> rate = new("--rate")
        {
            Description = "Images of one camera: 2/s, 30/min, 600/h.",
            Required = true,
            HelpName = "N/min",
            CustomParser = Values.Of<Rate>(Rate.Parse, Rate.Expected),
        };
        Option<double> hours = Positive("--hours", "Hours of the day in which the cameras send.", 24, 24);
        Option<double> burst = Positive("--burst", "Bursts: all cameras send so many times as fast.", 1, 10_000);
        Option<double> burstMinutes = Positive("--burst-minutes", "Length of a burst. One begins with every hour of work.", 10, 60);
        Option<double> wait = Positive("--wait", "Seconds from upload to score that 99 % of the images may take.", 60, 86_400);
        Option<string?> model = new("--model")
        {
            Description = "Measures this machine with this package, as one replica.",
            HelpName = "DIR",
        };
        Option<string?> images = new("--images")
        {
            Description = "With --model: images such as the cameras send, up to 64. Default: drawn ones of 1280 x 960 pixels.",
            HelpName = "PATH",
        };
        Option<int> seconds = new("--seconds")
        {
            Description = "With --model: how long to measure.",
            DefaultValueFactory = _ => 60,
            HelpName = "N",
            CustomParser = Values.Whole(1, 3600),
        };
        Option<Provider> provider = SharedOptions.ModelProvider();
        Option<double?> throughput = new("--throughput")
        {
            Description = "Images per second of one replica, measured elsewhere; instead of --model.",
            HelpName = "N",
            CustomParser = Values.NumberOrNone<double>(x => x is > 0 and <= 1e6, "a number above 0"),
        };
        Option<double?> price = new("--price")
        {
            Description = "US dollars for an hour of a replica. Default: of a replica without GPU with this machine's cores.",
            HelpName = "DOLLARS",
            CustomParser = Values.NumberOrNone<double>(x => x is >= 0 and <= 1e6, "a number of 0 or more"),
        };
        Option<double> coldStart = Positive("--cold-start", "Seconds from the decision to start a replica to its first score.", 90, 3600);
        Option<int> most = new("--max-replicas")
        {
            Description = "Most replicas that may run: your quota.",
            DefaultValueFactory = _ => 1000,
            HelpName = "N",
            CustomParser = Values.Whole(1, 1000),
        };
        Option<int> seed = new("--seed")
        {
            Description = "The same seed gives the same simulated days.",
            DefaultValueFactory = _ => 1,
            HelpName = "N",
            CustomParser = Values.Whole(),
        };
        Option<bool> json = new("--json") { Description = "The result as one JSON object." };
        Verb command = new(
            "size",
            "Says how many replicas these cameras need in Azure, what a month costs, and how long images wait. Measures this machine as "
                + "one replica, then simulates days with different scale rules. Prices and delays are assumptions, which it prints.",
            "aaclip size --cameras 40 --rate 6/min --model models/aaclip",
            "aaclip size --cameras 40 --rate 6/min --hours 16 --burst 5 --wait 120 --throughput 10 --price 1.65",
            "aaclip size --cameras 2 --rate 1/s --model models/aaclip --images photos/ --seconds 20 --json"
        )
        {
            cameras,
            rate,
            hours,
            burst,
            burstMinutes,
            wait,
            model,
            images,
            seconds,
            provider,
            throughput,
            price,
            coldStart,
            most,
            seed,
            json,
        };
        command.Rules.Add(r =>
            Verb.Has(r, model) == Verb.Has(r, throughput) ? "Give --model to measure this machine, or --throughput." : null
        );
        command.Rules.Add(r =>
            Verb.Has(r, throughput) && new Option[] { images, seconds, provider }.FirstOrDefault(o => Verb.Has(r, o)) is { } alone
                ? $"{alone.Name} needs --model."
                : null
        );
        command.Rules.Add(r =>
            Verb.Has(r, throughput) && !Verb.Has(r, price) ? "--throughput needs --price: the price depends on the machine." : null
        );
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    Demand demand = new(
                        parsed.GetValue(cameras),
                        parsed.GetValue(rate)!.Value.PerSecond, // required
                        parsed.GetValue(hours),
                        parsed.GetValue(burst),
                        parsed.GetValue(burstMinutes)
                    );
                    if (demand.OfDay > Sizing.MostOfDay)
                        throw new ArgumentException(
                            FormattableString.Invariant(
                                $"They send {demand.OfDay:N0} images a day, more than the {Sizing.MostOfDay:N0} that can be simulated."
                            )
                        );
                    MeasuredReplica replica = parsed.GetValue(throughput) is { } given
                        ? MeasuredReplica.Given(given)
                        : await MeasuredReplica.MeasureAsync(
                            parsed.GetValue(model)!, // see the rules
                            parsed.GetValue(images),
                            TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                            parsed.GetValue(provider),
                            cancellation
                        );
                    if (replica.Provider != "cpu" && !Verb.Has(parsed, price))
                        throw new ArgumentException("This machine scores on a GPU: give --price, what a replica with it costs an hour.");
                    Terms terms = new(
                        parsed.GetValue(wait),
                        parsed.GetValue(most),
                        parsed.GetValue(price) ?? Costs.Hour(Environment.ProcessorCount)
                    );
                    Sizing sizing = Sizing.Of(demand, replica, parsed.GetValue(coldStart), terms, parsed.GetValue(seed), cancellation);
                    if (parsed.GetValue(json))
                        SizeOutput.WriteJson(sizing);
                    else
                        SizeOutput.Write(sizing);
                    return sizing.Best.Meets ? 0 : Run.Failed;
                })
        );
        return command;
    }

    private static Option<double> Positive(string name, string description, double usual, double most) =>
        new(name)
        {
            Description = description,
            DefaultValueFactory = _ => usual,
            HelpName = "N",
            CustomParser = Values.Number<double>(
                x => x > 0 && x <= most,
                FormattableString.Invariant($"a number above 0 and at most {most}")
            ),
        };
}
