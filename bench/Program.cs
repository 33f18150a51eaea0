using System.CommandLine;
using AaClip.Bench;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;

Option<string> scratch = new("--scratch")
{
    Description = "Folder for full-size models (5 GiB); kept between runs.",
    DefaultValueFactory = _ => Environment.GetEnvironmentVariable("AACLIP_SCRATCH") ?? Path.Combine(ScoringBench.Root, "scratch", "bench"),
    HelpName = "DIR",
};
Option<int> rounds = new("--rounds")
{
    Description = "Rounds; the variants take turns in each.",
    DefaultValueFactory = _ => 3,
    HelpName = "N",
};
Option<int> images = new("--images")
{
    Description = "Timed images of a variant in a round.",
    DefaultValueFactory = _ => 3,
    HelpName = "N",
};
Option<bool> save = new("--save") { Description = "Keeps the report under bench/results." };
RootCommand root = new(
    """
    Measures full-size AA-CLIP (ViT-L/14 at 518 px, random weights) on this machine, then training steps of it, then the pipeline
    around it, its index and its review page.

    Example: bin/bench --rounds 5 --save
    """
)
{
    scratch,
    rounds,
    images,
    save,
};
root.SetAction(
    async (parsed, cancellation) =>
    {
        bool keep = parsed.GetValue(save);
        int code = ScoringBench.Run(parsed.GetValue(scratch)!, parsed.GetValue(rounds), parsed.GetValue(images), keep);
        if (code == 0)
            code = await LimitBench.RunAsync(parsed.GetValue(scratch)!, parsed.GetValue(rounds), seconds: 4, keep, cancellation);
        if (code == 0)
            code = TrainingBench.Run(parsed.GetValue(scratch)!, steps: 3, size: 518, "cpu", keep);
        if (code == 0)
            code = await MethodsBench.RunAsync(parsed.GetValue(scratch)!, Precision.Fp32, rounds: 2, keep, cancellation);
        if (code == 0)
            code = PipelineBench.RunChild(parsed.GetValue(scratch)!, keep);
        if (code == 0)
            code = await IndexBench.RunAsync([10_000, 100_000], keep, cancellation);
        if (code == 0)
            code = await ReviewBench.RunAsync(100_000, keep, cancellation);
        return code != 0 ? code : await GrowthBench.RunAsync(parsed.GetValue(scratch)!, keep, cancellation);
    }
);

Command scoring = new("scoring", "Measures seconds per image, memory and loading of the full-size model.")
{
    scratch,
    rounds,
    images,
    save,
};
scoring.SetAction(parsed =>
    ScoringBench.Run(parsed.GetValue(scratch)!, parsed.GetValue(rounds), parsed.GetValue(images), parsed.GetValue(save))
);
root.Add(scoring);

Option<double> limitSeconds = new("--seconds")
{
    Description = "Time for each measurement.",
    DefaultValueFactory = _ => 4,
    HelpName = "N",
};
Command limit = new("limit", "Measures the full-size model against what this machine's products and attentions alone can do.")
{
    scratch,
    rounds,
    limitSeconds,
    save,
};
limit.SetAction(
    (parsed, cancellation) =>
        LimitBench.RunAsync(
            parsed.GetValue(scratch)!,
            parsed.GetValue(rounds),
            parsed.GetValue(limitSeconds),
            parsed.GetValue(save),
            cancellation
        )
);
root.Add(limit);

Option<Precision> methodPrecision = new("--precision") { Description = "fp32 or int8.", DefaultValueFactory = _ => Precision.Fp32 };
Command methods = new("methods", "Measures the image graph of each method against AA-CLIP's.") { scratch, rounds, methodPrecision, save };
methods.SetAction(
    (parsed, cancellation) =>
        MethodsBench.RunAsync(
            parsed.GetValue(scratch)!,
            parsed.GetValue(methodPrecision),
            parsed.GetValue(rounds),
            parsed.GetValue(save),
            cancellation
        )
);
root.Add(methods);

Option<bool> small = new("--small") { Description = "Leaves the full-size model out." };
Command pipeline = new("pipeline", "Measures the way from a dropped image to its result, on Azurite.") { scratch, save, small };
pipeline.SetAction(
    (parsed, cancellation) => PipelineBench.RunAsync(parsed.GetValue(scratch)!, parsed.GetValue(small), parsed.GetValue(save), cancellation)
);
root.Add(pipeline);

Option<int[]> results = new("--results")
{
    Description = "Numbers of results, each in a store of its own.",
    DefaultValueFactory = _ => [10_000, 100_000],
    AllowMultipleArgumentsPerToken = true,
    HelpName = "N",
};
Command index = new("index", "Measures queries of the results index, on Azurite.") { results, save };
index.SetAction((parsed, cancellation) => IndexBench.RunAsync(parsed.GetValue(results)!, parsed.GetValue(save), cancellation));
root.Add(index);

Option<int> many = new("--results")
{
    Description = "Number of results.",
    DefaultValueFactory = _ => 100_000,
    HelpName = "N",
};
Command review = new("review", "Measures the review page in Chromium, on Azurite.") { many, save };
review.SetAction((parsed, cancellation) => ReviewBench.RunAsync(parsed.GetValue(many), parsed.GetValue(save), cancellation));
root.Add(review);

Command growth = new("growth", "Measures what an image costs against sizes and numbers, and draws it.") { scratch, save };
growth.SetAction((parsed, cancellation) => GrowthBench.RunAsync(parsed.GetValue(scratch)!, parsed.GetValue(save), cancellation));
root.Add(growth);

Option<string> connection = new("--connection")
{
    Description = "Connection string of the storage account.",
    DefaultValueFactory = _ => "UseDevelopmentStorage=true",
    HelpName = "STRING",
};
Command seed = new("seed", "Fills storage with made-up results of the sample images, to try the review page on many.") { many, connection };
seed.SetAction(
    async (parsed, cancellation) =>
    {
        StorageClients storage = IndexBench.Clients(parsed.GetValue(connection)!);
        await ReviewSite.SeedAsync(storage, parsed.GetValue(many), details: 200, cancellation);
        return 0;
    }
);
root.Add(seed);

Option<string> pictures = new("--out")
{
    Description = "Folder.",
    DefaultValueFactory = _ => Path.Combine(ScoringBench.Root, "docs"),
    HelpName = "DIR",
};
Command screenshots = new("screenshots", "Makes the pictures of docs/review.md.") { pictures };
screenshots.SetAction((parsed, cancellation) => ReviewPictures.RunAsync(parsed.GetValue(pictures)!, cancellation));
root.Add(screenshots);

Option<int> steps = new("--steps")
{
    Description = "Timed steps of each stage.",
    DefaultValueFactory = _ => 3,
    HelpName = "N",
};
Option<int> size = new("--size")
{
    Description = "Side of the input in pixels, a multiple of 14.",
    DefaultValueFactory = _ => 518,
    HelpName = "PX",
};
Option<string> provider = new("--provider") { Description = "cpu or cuda.", DefaultValueFactory = _ => "cpu" };
Command training = new("training", "Measures steps of the training of adapters and prompts with the full-size model.")
{
    scratch,
    steps,
    size,
    provider,
    save,
};
training.SetAction(parsed =>
    TrainingBench.Run(
        parsed.GetValue(scratch)!,
        parsed.GetValue(steps),
        parsed.GetValue(size),
        parsed.GetValue(provider)!,
        parsed.GetValue(save)
    )
);
root.Add(training);

Option<int[]> batches = new("--batches")
{
    Description = "Images of a run.",
    DefaultValueFactory = _ => [1, 2, 4, 8, 16, 32],
    AllowMultipleArgumentsPerToken = true,
    HelpName = "N",
};
Option<double> seconds = new("--seconds")
{
    Description = "How long each row is measured.",
    DefaultValueFactory = _ => 1,
    HelpName = "S",
};
Option<string?> python = new("--python") { Description = "A Python with PyTorch, to compare with bench/published.py.", HelpName = "FILE" };
Option<string> card = new("--provider") { Description = "cuda or cpu.", DefaultValueFactory = _ => "cuda" };
Command cuda = new("cuda", "Measures full-size AA-CLIP on an NVIDIA card; build with -p:Gpu=true.")
{
    scratch,
    batches,
    seconds,
    python,
    card,
    save,
};
cuda.SetAction(parsed =>
{
    (string folder, string where) = (parsed.GetValue(scratch)!, parsed.GetValue(card)!);
    CudaBench bench = new(folder, where, parsed.GetValue(batches)!, parsed.GetValue(seconds), parsed.GetValue(python));
    return bench.Run(parsed.GetValue(save));
});
root.Add(cuda);

Option<int> batch = new("--batch")
{
    Description = "Images of a run.",
    DefaultValueFactory = _ => 16,
    HelpName = "N",
};
Option<int> runs = new("--runs")
{
    Description = "How often.",
    DefaultValueFactory = _ => 3,
    HelpName = "N",
};
Argument<string> package = new("package") { Description = "Folder of a model package." };
Command graph = new("graph", "Runs a package's image graph and measures nothing: to be started by a profiler.")
{
    package,
    batch,
    runs,
    card,
};
graph.SetAction(parsed =>
{
    (ModelPackage opened, string where) = (ModelPackage.Open(parsed.GetValue(package)!), parsed.GetValue(card)!);
    using Microsoft.ML.OnnxRuntime.InferenceSession session = GraphRun.Open(where, opened.PathOf(ModelPackage.ImageGraph));
    using GraphRun run = GraphRun.Images(session, where, opened.Manifest.Architecture, parsed.GetValue(batch));
    for (int i = 0; i < parsed.GetValue(runs); i++)
        run.OnCard();
});
root.Add(graph);

Option<int> held = new("--images")
{
    Description = "Images at once.",
    DefaultValueFactory = _ => 16,
    HelpName = "N",
};
Option<int> megapixels = new("--megapixels")
{
    Description = "Size of each.",
    DefaultValueFactory = _ => 100,
    HelpName = "N",
};
Command memory = new("memory", "Measures the most memory that large images take, from the file's bytes to the heatmap.")
{
    scratch,
    held,
    megapixels,
};
memory.SetAction(parsed => MemoryBench.Run(parsed.GetValue(scratch)!, parsed.GetValue(held), parsed.GetValue(megapixels)));
root.Add(memory);

Argument<Precision> precision = new("precision");
Command model = new("model", "Writes a full-size package with random weights and says where.") { precision, scratch };
model.SetAction(parsed => Console.WriteLine(FullSizeModel.Package(parsed.GetValue(scratch)!, parsed.GetValue(precision))));
root.Add(model);

Argument<string[]> child = new("arguments");
Command score = new("score", "One variant, in the child process that the bench starts.") { child };
score.Hidden = true;
score.SetAction(parsed =>
    parsed.GetValue(child) is [var variant, var folder, var mapped, var kernel, var count, var where, var output]
        ? ScoreChild.Run(
            variant,
            folder,
            bool.Parse(mapped),
            kernel,
            int.Parse(count, System.Globalization.CultureInfo.InvariantCulture),
            where,
            output
        )
        : 2
);
root.Add(score);

Argument<string[]> stepOf = new("arguments");
Command step = new("training-step", "One stage, in the child process that the bench starts.") { stepOf };
step.Hidden = true;
step.SetAction(parsed =>
{
    if (parsed.GetValue(stepOf) is not [var stage, var folder, var count, var side, var where, var output])
        return 2;
    TrainingBench.Child(
        stage,
        folder,
        int.Parse(count, System.Globalization.CultureInfo.InvariantCulture),
        int.Parse(side, System.Globalization.CultureInfo.InvariantCulture),
        where,
        output
    );
    return 0;
});
root.Add(step);

Argument<string[]> memoryOf = new("arguments");
Command memoryChild = new("memory-child", "One kind of file, in the child process that the bench starts.") { memoryOf };
memoryChild.Hidden = true;
memoryChild.SetAction(parsed =>
    parsed.GetValue(memoryOf) is [var task, var kind, var file, var number]
        ? MemoryBench.Child(task, kind, file, int.Parse(number, System.Globalization.CultureInfo.InvariantCulture))
        : 2
);
root.Add(memoryChild);
return await root.Parse(args).InvokeAsync();
