using AaClip.Scoring.Sessions;
using AaClip.Tests;

namespace AaClip.Cli.Tests;

/// <summary>Help texts, and errors for a wrong command line.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly PhotoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "aaclip import --clip ViT-L-14-336px.pt", "import", "inspect", "score")]
    [InlineData(
        "import",
        "aaclip import --clip",
        "--adapters",
        "--precision",
        "fp16",
        "quickgelu",
        "--checkpoint",
        "518 for most methods",
        "--require-known"
    )]
    [InlineData("import", "aaclip import --temporal model_ucf.pth", "--window", "--score")]
    [InlineData("inspect", "aaclip inspect models/aaclip", "--tensors", "--no-hash")]
    [InlineData("timeline", "aaclip timeline --model models/vad frames/ --fps 25", "--features", "--picture", "--threshold", "--json")]
    [InlineData("train-events", "--classes normal jam spill", "--preset", "--from model_ucf.pth", "--resume", "--json")]
    [InlineData("evaluate", "aaclip evaluate --temporal", "--cache", "--every")]
    [InlineData("calibrate", "aaclip calibrate --temporal normal.csv", "--min-seconds")]
    [InlineData(
        "score",
        "aaclip score --model models/aaclip --class bottle photos/",
        "--heatmaps",
        "--parity",
        "--threshold",
        "exit code is 0 also when images are anomalous"
    )]
    [InlineData(
        "check",
        "aaclip check --model models/c2p photos/",
        "--threshold",
        "--json",
        "near chance",
        "exit code is 0 also when pictures are generated"
    )]
    [InlineData("import", "aaclip import --check C2P_CLIP_release_20240901.zip --out models/c2p", "--lora-alpha")]
    [InlineData("calibrate", "aaclip calibrate --check models/c2p --normals line1/", "--check")]
    [InlineData("evaluate", "aaclip evaluate --check models/c2p --data forensynths/")]
    [InlineData("train", "aaclip train --clip ViT-L-14-336px.pt", "--stage", "--preset", "--shots", "--resume", "[default: 518]")]
    [InlineData("train", "aaclip train --method crane --clip ViT-L-14-336px.pt", "--no-image-context", "--cache", "--json", "epoch_5.pth")]
    [InlineData("evaluate", "aaclip evaluate --model models/aaclip --data mvtec/ --set MVTec", "--report", "--json", "--limits-from")]
    [InlineData(
        "calibrate",
        "--normals good/ --defects bad/",
        "--false-alarms",
        "--cameras",
        "--from-reviews --camera line1",
        "--references good/ --camera line1",
        "--apply",
        "--miss"
    )]
    [InlineData("scan", "aaclip scan models/aaclip --class bottle --images data/bottle", "--against", "--effort", "proves nothing")]
    [InlineData("export", "--mvtec data --camera line1 line2", "--parquet results", "--name", "--masked")]
    [InlineData("generate", "aaclip generate --classes unseen", "--photos", "--seed")]
    [InlineData("pretrain", "aaclip pretrain --out clip-small/", "not for production", "--small", "--resume")]
    [InlineData("rescore", "--mode threshold --id new-masks", "--verdict", "--detach", "Ctrl-C does not stop the job")]
    [InlineData("audit", "aaclip audit --camera line1 --since 7d --report audit/", "--share", "--false-flags", "no flag is no proof")]
    [InlineData("jobs", "aaclip jobs follow", "pause", "resume", "cancel", "report")]
    [InlineData("publish", "aaclip publish models/better")]
    [InlineData("promote", "aaclip promote aaclip@3f2a91bc", "--own", "--without-scan")]
    [InlineData("shadow", "--share 0.2", "--off")]
    [InlineData("trust", "aaclip trust aaclip@3f2a91bc models/aaclip", "--remove", "--off", "SHA-256 of their model.json")]
    [InlineData("size", "--cameras 40 --rate 6/min --model models/aaclip", "--burst", "--max-replicas", "[default: 90]")]
    [InlineData("redrive", "aaclip redrive --queue score --camera line1 --since 2h", "--dry-run")]
    public void Help_has_examples_and_the_options(string verb, params string[] expected)
    {
        Aaclip.Result result = Aaclip.Run(verb.Length == 0 ? ["--help"] : [verb, "--help"]);

        Assert.Equal(0, result.Code);
        Assert.Contains("Examples:", result.Output, StringComparison.Ordinal);
        Assert.All(expected, e => Assert.Contains(e, result.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("'aaclip' has no verb 'paint'", "paint")]
    [InlineData("expected the name of one camera", "calibrate", "--references", "r", "--model", "m", "--camera", "line*")]
    [InlineData(
        "--first and --references exclude each other.",
        "evaluate",
        "--model",
        "m",
        "--data",
        "d",
        "--first",
        "f",
        "--limits-from",
        "l",
        "--references",
        "r"
    )]
    [InlineData("--check and --class exclude each other.", "calibrate", "--check", "c", "--normals", "n", "--class", "bottle")]
    [InlineData("--cameras and --camera are missing.", "calibrate", "--check", "c", "--normals", "n")]
    [InlineData("--check and --model exclude each other.", "evaluate", "--check", "c", "--model", "m", "--data", "d")]
    [InlineData("--model is missing.", "evaluate", "--data", "d")]
    [InlineData("--check and --vocab exclude each other.", "import", "--check", "c", "--vocab", "v", "--out", "o")]
    [InlineData("--lora-alpha needs --check.", "import", "--clip", "c", "--lora-alpha", "6", "--out", "o")]
    [InlineData("--cameras and --camera go together.", "check", "--model", "m", "--camera", "line1", "a.png")]
    [InlineData("'aaclip inspect' has no option '--fastr'", "inspect", "x", "--fastr")]
    [InlineData("--model is missing.", "score", "--class", "bottle", "a.png")]
    [InlineData("--class is missing.", "score", "--model", "m", "a.png")]
    [InlineData("--clip is missing.", "import", "--out", "m")]
    [InlineData("--classes is missing.", "import", "--temporal", "f", "--out", "m")]
    [InlineData("--temporal and --precision exclude each other.", "import", "--temporal", "f", "--precision", "int8", "--out", "m")]
    [InlineData("--window needs --temporal.", "import", "--clip", "c", "--window", "8", "--out", "m")]
    [InlineData("Give a folder of frames, or --features.", "timeline", "--model", "m")]
    [InlineData("Give a folder of frames, or --features.", "timeline", "--model", "m", "frames", "--features", "f")]
    [InlineData(
        "--features and --save-features exclude each other.",
        "timeline",
        "--model",
        "m",
        "--features",
        "f",
        "--save-features",
        "g"
    )]
    [InlineData("--temporal and --shots exclude each other.", "evaluate", "--temporal", "--model", "m", "--data", "d", "--shots", "3")]
    [InlineData("--cache needs --temporal.", "evaluate", "--model", "m", "--data", "d", "--cache", "c")]
    [InlineData("--temporal and --normals exclude each other.", "calibrate", "--temporal", "l", "--model", "m", "--normals", "n")]
    [InlineData("--out is missing.", "calibrate", "--temporal", "l", "--model", "m")]
    [InlineData("--min-seconds needs --temporal.", "calibrate", "--model", "m", "--normals", "n", "--min-seconds", "2")]
    [InlineData("--clip is missing.", "train-events", "--data", "d", "--classes", "ucf", "--out", "o")]
    [InlineData(
        "--threshold is '1.5', expected a raw score above 0 and below 1.",
        "score",
        "--model",
        "m",
        "--class",
        "c",
        "--threshold",
        "1.5",
        "a.png"
    )]
    [InlineData("--batch is '0', expected a whole number from 1 to 256.", "score", "--model", "m", "--class", "c", "--batch", "0", "a.png")]
    [InlineData(
        "--threads is '-1', expected a whole number from 0 to 1024.",
        "score",
        "--model",
        "m",
        "--class",
        "c",
        "--threads",
        "-1",
        "a.png"
    )]
    [InlineData("fp7", "import", "--clip", "x", "--out", "m", "--precision", "fp7")]
    [InlineData("--data is missing.", "train", "--clip", "c", "--out", "o")]
    [InlineData(
        "--image-batch is '0', expected a whole number from 1 to 1024.",
        "train",
        "--clip",
        "c",
        "--data",
        "d",
        "--out",
        "o",
        "--image-batch",
        "0"
    )]
    [InlineData(
        "--text-rate is '2', expected a number above 0 and below 1.",
        "train",
        "--clip",
        "c",
        "--data",
        "d",
        "--out",
        "o",
        "--text-rate",
        "2"
    )]
    [InlineData(
        "--text-epochs is for --method aa-clip: leave it out.",
        "train",
        "--method",
        "crane",
        "--clip",
        "c",
        "--data",
        "d",
        "--out",
        "o",
        "--text-epochs",
        "3"
    )]
    [InlineData(
        "--cache is for learned prompts (--method crane or anomalyclip): leave it out.",
        "train",
        "--clip",
        "c",
        "--data",
        "d",
        "--out",
        "o",
        "--cache",
        "f"
    )]
    [InlineData("--shots is '0', expected a whole number of 1 or more.", "evaluate", "--model", "m", "--data", "d", "--shots", "0")]
    [InlineData(
        "--false-alarms is '1', expected a number above 0 and below 1.",
        "calibrate",
        "--model",
        "m",
        "--normals",
        "n",
        "--class",
        "c",
        "--out",
        "o",
        "--false-alarms",
        "1"
    )]
    [InlineData(
        "Give --out for a new package, or --cameras and --camera for a profile.",
        "calibrate",
        "--model",
        "m",
        "--normals",
        "n",
        "--class",
        "c"
    )]
    [InlineData("--model and --normals and --class are missing. See 'aaclip calibrate --help'.", "calibrate")]
    [InlineData("--from-reviews needs --camera.", "calibrate", "--from-reviews")]
    [InlineData("--model is missing.", "calibrate", "--references", "good", "--camera", "line1")]
    [InlineData("give --camera for storage, or --out for a file.", "calibrate", "--references", "good", "--model", "m", "--class", "c")]
    [InlineData("--class is for --out", "calibrate", "--references", "good", "--model", "m", "--class", "c", "--camera", "line1")]
    [InlineData("--class is missing.", "calibrate", "--references", "good", "--model", "m", "--out", "f")]
    [InlineData("--references and --cameras exclude", "calibrate", "--references", "g", "--model", "m", "--cameras", "f", "--camera", "c")]
    [InlineData("--from-reviews and --references exclude each other.", "calibrate", "--from-reviews", "--camera", "c", "--references", "g")]
    [InlineData("--package and --clip exclude each other.", "import", "--package", "p", "--clip", "c", "--out", "o")]
    [InlineData("--from-reviews and --defects exclude each other.", "calibrate", "--from-reviews", "--camera", "line1", "--defects", "bad")]
    [InlineData("--apply needs --from-reviews.", "calibrate", "--model", "m", "--normals", "n", "--class", "c", "--out", "o", "--apply")]
    [InlineData("--normals and --cameras and --camera are missing.", "calibrate", "--first", "s", "--model", "m")]
    [InlineData("--first and --class exclude each other", "calibrate", "--first", "s", "--model", "m", "--class", "c")]
    [InlineData("--miss needs --first.", "calibrate", "--model", "m", "--normals", "n", "--class", "c", "--out", "o", "--miss", "0.1")]
    [InlineData("--miss is '0', expected a number above 0", "calibrate", "--first", "s", "--miss", "0")]
    [InlineData("--first and --limits-from go together.", "evaluate", "--first", "s", "--model", "m", "--data", "d")]
    [InlineData("Give --parquet for results, or --mvtec for decided images.", "export")]
    [InlineData("Give --parquet for results, or --mvtec for decided images.", "export", "--parquet", "a", "--mvtec", "b")]
    [InlineData("--name goes with --mvtec.", "export", "--parquet", "a", "--name", "bottle")]
    [InlineData("--parquet takes one --camera.", "export", "--parquet", "a", "--camera", "line1", "line2")]
    [InlineData("--cameras and --camera go together.", "calibrate", "--model", "m", "--normals", "n", "--class", "c", "--cameras", "f")]
    [InlineData("--class and --images are missing. See 'aaclip scan --help'.", "scan", "m")]
    [InlineData("--patch is '0.6', expected a number above 0", "scan", "m", "--class", "c", "--images", "i", "--patch", "0.6")]
    [InlineData("--effort is 'some', expected low or full.", "scan", "m", "--class", "c", "--images", "i", "--effort", "some")]
    [InlineData("--photos and --class go together.", "generate", "--out", "o", "--photos", "p")]
    [InlineData("--size is '8', expected a whole number from 32 to 2048.", "generate", "--out", "o", "--size", "8")]
    [InlineData("--batch is '1', expected a whole number from 2 to 4096.", "pretrain", "--out", "o", "--batch", "1")]
    [InlineData("--model is missing.", "rescore")]
    [InlineData("sideways", "rescore", "--model", "a@1", "--mode", "sideways")]
    [InlineData("MODEL and --own exclude each other.", "promote", "a@1", "--own")]
    [InlineData("Name a MODEL, or --off.", "shadow")]
    [InlineData("MODEL and --off exclude each other.", "trust", "a@1", "--off")]
    [InlineData("Name a MODEL to remove.", "trust", "--remove")]
    [InlineData("--camera is missing.", "audit")]
    [InlineData("--share is '2', expected a number above 0 and at most 1.", "audit", "--camera", "c", "--share", "2")]
    [InlineData("--false-flags is '1', expected a number from 0.001 to below 1.", "audit", "--camera", "c", "--false-flags", "1")]
    [InlineData("--mode is 'audit', expected full, threshold, compare or timeline.", "rescore", "--model", "m@1", "--mode", "audit")]
    [InlineData("--off and --remove exclude each other.", "trust", "--off", "--remove")]
    [InlineData("--share is '0', expected a number above 0 and at most 1.", "shadow", "a@1", "--share", "0")]
    public void A_wrong_command_line_fails_and_says_where(string expected, params string[] arguments)
    {
        Aaclip.Result result = Aaclip.Run(arguments);

        Assert.Equal(2, result.Code);
        Assert.StartsWith("aaclip: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Equal(("", 1), (result.Output, result.Error.Count(c => c == '\n')));
    }

    [Fact]
    public void Import_and_inspect_work_and_recommend_a_precision_for_this_machine()
    {
        string sources = TinyPackage.RandomSources;
        string[] import =
        [
            "import",
            "--clip",
            $"{sources}/clip.safetensors",
            "--adapters",
            $"{sources}/adapters.safetensors",
            "--size",
            "112",
            "--vision-heads",
            "4",
            "--text-heads",
            "4",
            "--classes",
            "bottle",
            "MVTec/metal_nut",
            "--out",
            _folder.File("model"),
        ];

        Aaclip.Result imported = Aaclip.Run(import);
        Aaclip.Result again = Aaclip.Run(import);
        Aaclip.Result table = Aaclip.Run("inspect", _folder.File("model") + "/");
        Aaclip.Result tensors = Aaclip.Run("inspect", "--tensors", _folder.File("model"));
        Aaclip.Result json = Aaclip.Run("inspect", "--json", _folder.File("model"));
        Aaclip.Result checkpoint = Aaclip.Run("inspect", $"{sources}/adapters.safetensors");

        Assert.Equal((0, ""), (imported.Code, imported.Error));
        Assert.Contains("112 px, fp32, AA-CLIP adapters", imported.Output, StringComparison.Ordinal);
        Assert.Contains("for this machine", imported.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, again.Code);
        Assert.Contains($"aaclip: '{_folder.File("model")}' exists already", again.Error, StringComparison.Ordinal);
        Assert.Contains("anchors for\tbottle, MVTec/metal_nut\n", table.Output, StringComparison.Ordinal);
        Assert.Contains("visual.transformer.resblocks\t56\t", table.Output, StringComparison.Ordinal);
        Assert.Contains("visual.ln_post.weight\tFloat\t[64]\t256 B", tensors.Output, StringComparison.Ordinal);
        Assert.Equal("model", System.Text.Json.Nodes.JsonNode.Parse(json.Output)!["name"]!.GetValue<string>());
        Assert.Contains("9 tensors, ", checkpoint.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Import_and_inspect_say_how_this_machine_computes_int8_products()
    {
        string sources = TinyPackage.RandomSources;
        string kernel = Int8Probe.Describe(Int8Probe.ForThisMachine);

        Aaclip.Result imported = Aaclip.Run(
            "import",
            "--clip",
            $"{sources}/clip.safetensors",
            "--size",
            "112",
            "--vision-heads",
            "4",
            "--text-heads",
            "4",
            "--precision",
            "int8",
            "--out",
            _folder.File("int8")
        );
        Aaclip.Result int8 = Aaclip.Run("inspect", _folder.File("int8"));
        Aaclip.Result floats = Aaclip.Run("inspect", TinyPackage.Random());

        Assert.Contains($"Int8 products on this machine: {kernel}.\n", imported.Output, StringComparison.Ordinal);
        Assert.Contains($"int8 products on this machine\t{kernel}\n", int8.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("int8", floats.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_import_says_why_in_one_line_and_leaves_nothing()
    {
        Aaclip.Result result = Aaclip.Run(
            "import",
            "--clip",
            $"{TinyPackage.RandomSources}/clip.safetensors",
            "--size",
            "113",
            "--vision-heads",
            "4",
            "--text-heads",
            "4",
            "--out",
            _folder.File("model")
        );

        Assert.Equal(1, result.Code);
        Assert.Equal("aaclip: --size 113 is not a positive multiple of the model's patch of 14 pixels: take 112 or 126.\n", result.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_changed_package_is_found_by_inspect()
    {
        string package = _folder.File("model");
        foreach (string file in Directory.EnumerateFiles(TinyPackage.Random(), "*", SearchOption.AllDirectories))
            _folder.Write(Path.Combine("model", Path.GetRelativePath(TinyPackage.Random(), file)), File.ReadAllBytes(file));
        byte[] weights = File.ReadAllBytes(Path.Combine(package, "text.weights"));
        weights[100] ^= 1;
        _folder.Write("model/text.weights", weights);

        Aaclip.Result result = Aaclip.Run("inspect", package);
        Aaclip.Result trusting = Aaclip.Run("inspect", "--no-hash", package);

        Assert.Equal(1, result.Code);
        Assert.Contains("aaclip: 'text.weights' in the package", result.Error, StringComparison.Ordinal);
        Assert.Equal(0, trusting.Code);
    }
}
