using System.CommandLine;
using AaClip.Bench;
using AaClip.Scoring.Packages;

Option<string> scratch = new("--scratch") { Description = "Folder for full-size models (5 GiB); kept between runs.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("AACLIP_SCRATCH") ?? Path.Combine(ScoringBench.Root, "scratch", "bench"), HelpName = "DIR" };
Option<int> rounds = new("--rounds") { Description = "Rounds; the variants take turns in each.", DefaultValueFactory = _ => 3, HelpName = "N" };
Option<int> images = new("--images") { Description = "Timed images of a variant in a round.", DefaultValueFactory = _ => 3, HelpName = "N" };
Option<string> provider = new("--provider") { Description = "cpu or cuda; cuda adds a float16 package.", DefaultValueFactory = _ => "cpu" };
Option<bool> save = new("--save") { Description = "Keeps the report under bench/results." };
RootCommand root = new("""
    Measures full-size AA-CLIP (ViT-L/14 at 518 px, random weights) on this machine, then the pipeline around it.

    Example: bin/bench --rounds 5 --save
    """) { scratch, rounds, images, provider, save };
root.SetAction(parsed =>
{
    int code = ScoringBench.Run(parsed.GetValue(scratch)!, parsed.GetValue(rounds), parsed.GetValue(images), parsed.GetValue(provider)!, parsed.GetValue(save));
    return code != 0 ? code : PipelineBench.RunChild(parsed.GetValue(scratch)!, parsed.GetValue(save));
});

Option<bool> small = new("--small") { Description = "Leaves the full-size model out." };
Command pipeline = new("pipeline", "Measures the way from a dropped image to its result, on Azurite.") { scratch, save, small };
pipeline.SetAction((parsed, cancellation) => PipelineBench.RunAsync(parsed.GetValue(scratch)!, parsed.GetValue(small), parsed.GetValue(save), cancellation));
root.Add(pipeline);

Argument<Precision> precision = new("precision");
Command model = new("model", "Writes a full-size package with random weights and says where.") { precision, scratch };
model.SetAction(parsed => Console.WriteLine(FullSizeModel.Package(parsed.GetValue(scratch)!, parsed.GetValue(precision))));
root.Add(model);

Argument<string[]> child = new("arguments");
Command score = new("score", "One variant, in the child process that the bench starts.") { child };
score.Hidden = true;
score.SetAction(parsed => parsed.GetValue(child) is [var variant, var folder, var mapped, var count, var where, var output]
    ? ScoreChild.Run(variant, folder, bool.Parse(mapped), int.Parse(count, System.Globalization.CultureInfo.InvariantCulture), where, output)
    : 2);
root.Add(score);
return await root.Parse(args).InvokeAsync();
