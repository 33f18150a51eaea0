using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Scoring.Events;

namespace AaClip.Pipeline.Contracts;

/// <summary>
/// The time line of a sequence of frames: scores of its snippets, and events (docs/schemas/timeline.schema.json). A pure function of the
/// model, the frames and the rule for events: the same bytes for the same input.
/// </summary>
public sealed record TimelineDocument
{
    /// <summary>The format that this code writes.</summary>
    public const int CurrentSchema = 1;

    private const int Digits = 6; // of numbers; more would be noise of the arithmetic

    /// <summary><see cref="CurrentSchema"/>.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>"name@version" of the temporal package.</summary>
    public required string Model { get; init; }

    /// <summary>Names of the classes; the first is the normal one.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>The branch that events are found with.</summary>
    public required EventScore Score { get; init; }

    /// <summary>The threshold of events; null if there is none, and then there are no events.</summary>
    public required double? Threshold { get; init; }

    /// <summary>An event is where the mean score over this time reaches the threshold, in seconds.</summary>
    public required double MinSeconds { get; init; }

    /// <summary>Time between two snippets, in seconds.</summary>
    public required double SnippetSeconds { get; init; }

    /// <summary>Snippets of a window; each is scored by itself, and sees its own future.</summary>
    public required int Length { get; init; }

    /// <summary>Snippets of each window as the model was told.</summary>
    public required IReadOnlyList<int> Lengths { get; init; }

    /// <summary>The frames that were seen, one for each snippet; null if features were given.</summary>
    public IReadOnlyList<string>? Images { get; init; }

    /// <summary>p1 of each snippet, 0 to 1.</summary>
    public required IReadOnlyList<double> P1 { get; init; }

    /// <summary>p2 of each snippet, 0 to 1.</summary>
    public required IReadOnlyList<double> P2 { get; init; }

    /// <summary>Probabilities of the classes of each snippet.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> ClassProbabilities { get; init; }

    /// <summary>The events, in order of time.</summary>
    public required IReadOnlyList<TimelineEvent> Events { get; init; }

    /// <summary>Makes the time line of scores.</summary>
    /// <param name="rule">The rule for events; a threshold of null finds none.</param>
    /// <param name="snippetSeconds">Time between two snippets.</param>
    /// <param name="images">The frames, one for each snippet; null if features were given.</param>
    public static TimelineDocument Of(
        TemporalManifest model,
        SequenceScores scores,
        EventRule rule,
        double snippetSeconds,
        IReadOnlyList<string>? images
    )
    {
        int shortest = EventFinder.Snippets(rule.MinSeconds, snippetSeconds);
        IReadOnlyList<FoundEvent> found = rule.Threshold is { } threshold
            ? EventFinder.Find(scores, rule.Score, model.Head.Length, shortest, threshold)
            : [];
        return new TimelineDocument
        {
            SchemaVersion = CurrentSchema,
            Model = model.Id,
            Classes = model.Classes,
            Score = rule.Score,
            Threshold = rule.Threshold,
            MinSeconds = rule.MinSeconds,
            SnippetSeconds = Round(snippetSeconds),
            Length = model.Head.Length,
            Lengths = scores.Valid,
            Images = images,
            P1 = [.. scores.Binary.Select(p => Round(p))],
            P2 = [.. scores.Alignment.Select(p => Round(p))],
            ClassProbabilities = [.. scores.ClassProbabilities.Chunk(scores.Classes).Select(c => (double[])[.. c.Select(p => Round(p))])],
            Events =
            [
                .. found.Select(e => new TimelineEvent(
                    Round(e.From * snippetSeconds),
                    Round(e.To * snippetSeconds),
                    e.From,
                    e.To,
                    model.Classes[e.Class],
                    Round(e.Probability),
                    Round(e.Score),
                    Round(e.Peak)
                )),
            ],
        };
    }

    /// <summary>The document as it is stored and printed.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, TimelineJson.Default.TimelineDocument);

    private static double Round(double value) => Math.Round(value, Digits);
}

/// <summary>An event of a time line.</summary>
/// <param name="From">Its begin, in seconds after the first snippet's.</param>
/// <param name="To">Its end, in seconds.</param>
/// <param name="FirstSnippet">Its first snippet, from 0.</param>
/// <param name="EndSnippet">The snippet after its last one.</param>
/// <param name="Label">The abnormal class with the largest mean probability.</param>
/// <param name="Probability">That mean probability, 0 to 1.</param>
/// <param name="Score">The largest mean score over the shortest duration, 0 to 1.</param>
/// <param name="Peak">The largest score of a snippet, 0 to 1.</param>
public sealed record TimelineEvent(
    double From,
    double To,
    int FirstSnippet,
    int EndSnippet,
    string Label,
    double Probability,
    double Score,
    double Peak
);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TimelineDocument))]
internal sealed partial class TimelineJson : JsonSerializerContext;
