using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;

namespace AaClip.Cli.Tests.Operate;

/// <summary>Result documents with the fields that listings show.</summary>
internal static class TestResult
{
    public static ResultDocument Document(string image, string etag, Verdict verdict, double score, string model, DateTimeOffset time)
    {
        ModelId id = ModelId.Parse(model);
        return new()
        {
            Image = new ImagePart
            {
                Name = image,
                ETag = etag,
                Camera = ImageName.Of(image).Camera,
                ObjectClass = "bottle",
                Part = $"part of {image}",
            },
            Model = new ModelPart(id.Name, id.Version, null, null, null),
            Score = verdict == Verdict.Failed ? new ScorePart(Verdict.Failed) : new ScorePart(verdict, 0.5f, 1, score, score, 0.5),
            Regions = verdict == Verdict.Failed ? null : [],
            Timings = new TimingsPart(),
            Failure = verdict == Verdict.Failed ? new FailurePart("damaged", "It is damaged.") : null,
            ScoredAt = time,
        };
    }
}
