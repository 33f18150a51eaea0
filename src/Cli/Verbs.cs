using System.CommandLine;
using AaClip.Cli.Demo;
using AaClip.Cli.Model;
using AaClip.Cli.Operate;
using AaClip.Cli.Size;

namespace AaClip.Cli;

/// <summary>The command line: every verb with its options.</summary>
internal static class Verbs
{
    public static RootCommand All()
    {
        RootCommand root = new("Zero-shot detection of visual anomalies: AA-CLIP in .NET.")
        {
            ImportCommand.Create(),
            InspectCommand.Create(),
            ScoreCommand.Create(),
            CheckCommand.Create(),
            TimelineCommand.Create(),
            GenerateCommand.Create(),
            PretrainCommand.Create(),
            TrainCommand.Create(),
            TrainEventsCommand.Create(),
            EvaluateCommand.Create(),
            CalibrateCommand.Create(),
            ScanCommand.Create(),
            DemoCommand.Create(),
            UpCommand.Create(),
            PrepareCommand.Create(),
            EventsCommand.Create(),
            DropCommand.Create(),
            WatchCommand.Create(),
            ResultsCommand.Create(),
            ExportCommand.Create(),
            VerifyCommand.Create(),
            RedriveCommand.Create(),
            RescoreCommand.Create(),
            AuditCommand.Create(),
            JobsCommand.Create(),
            SizeCommand.Create(),
            ModelCommands.Publish(),
            ModelCommands.Promote(),
            ModelCommands.Shadow(),
            TrustCommand.Create(),
        };
        Verb.ShowExamples(
            root,
            "aaclip import --clip ViT-L-14-336px.pt --vocab bpe_simple_vocab_16e6.txt.gz --adapters ckpt/ --out models/aaclip",
            "aaclip inspect models/aaclip",
            "aaclip score --model models/aaclip --class bottle --heatmaps out/ photos/",
            "aaclip up --model models/aaclip",
            "aaclip drop --camera line1 --rate 2/s photos/",
            "aaclip watch --camera line1",
            "aaclip rescore --model models/better --from 7d --report report/"
        );
        return root;
    }
}
