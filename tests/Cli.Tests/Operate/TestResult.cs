using AaClip.Cli.Model;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using Stored = AaClip.Pipeline.Contracts; // AaClip.Cli has parts of the same names

namespace AaClip.Cli.Tests.Operate;

/// <summary>Result documents with what listings show.</summary>
internal static class TestResult
{
    public static Stored.ResultDocument Document(
        string image,
        string etag,
        Verdict verdict,
        double score,
        string model,
        DateTimeOffset time
    )
    {
        ModelId id = ModelId.Parse(model);
        return new()
        {
            Image = new Stored.ImagePart
            {
                Name = image,
                ETag = etag,
                Camera = ImageName.Of(image).Camera,
                ObjectClass = "bottle",
            },
            Model = new Stored.ModelPart(id.Name, id.Version, null, null, null),
            Score =
                verdict == Verdict.Failed
                    ? new Stored.ScorePart(Verdict.Failed)
                    : new Stored.ScorePart(verdict, 0.5f, 1, score, score, 0.5),
            Regions = verdict == Verdict.Failed ? null : [],
            Timings = new Stored.TimingsPart(),
            Failure = verdict == Verdict.Failed ? new Stored.FailurePart("damaged", "It is damaged.") : null,
            ScoredAt = time,
        };
    }
}
