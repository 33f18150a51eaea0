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

    /// <summary>The camera; absent for a recording.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Camera { get; init; }

    /// <summary>
    /// Begin of the time line, to which all other times are relative; absent for a recording, whose begin is its first frame.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Start { get; init; }

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

    /// <summary>
    /// Times of the frames in seconds after <see cref="Start"/>; absent for a recording, whose snippets follow each other evenly.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<double>? Times { get; init; }

    /// <summary>p1 of each snippet, 0 to 1.</summary>
    public required IReadOnlyList<double> P1 { get; init; }

    /// <summary>p2 of each snippet, 0 to 1.</summary>
    public required IReadOnlyList<double> P2 { get; init; }

    /// <summary>Probabilities of the classes of each snippet.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> ClassProbabilities { get; init; }

    /// <summary>The events, in order of time.</summary>
    public required IReadOnlyList<TimelineEvent> Events { get; init; }

    /// <summary>Makes the time line of a recording.</summary>
    /// <param name="rule">The rule for events; a threshold of null finds none.</param>
    /// <param name="snippetSeconds">Time between two snippets.</param>
    /// <param name="images">The frames, one for each snippet; null if features were given.</param>
    public static TimelineDocument Of(
        TemporalManifest model,
        SequenceScores scores,
        EventRule rule,
        double snippetSeconds,
        IReadOnlyList<string>? images
    ) => Of(model, [new ScoredSequence(scores, [])], rule, snippetSeconds) with { Images = images };

    /// <summary>Makes the time line of a camera's sequences.</summary>
    /// <param name="sequences">In order of time, each scored by itself; at least one.</param>
    /// <param name="start">Begin of the time line.</param>
    /// <inheritdoc cref="Of(TemporalManifest, SequenceScores, EventRule, double, IReadOnlyList{string}?)"/>
    public static TimelineDocument Of(
        TemporalManifest model,
        IReadOnlyList<ScoredSequence> sequences,
        EventRule rule,
        double snippetSeconds,
        string camera,
        DateTimeOffset start
    )
    {
        Frame[] frames = [.. sequences.SelectMany(s => s.Frames)];
        double[] times = [.. frames.Select(f => (f.Time - start).TotalSeconds)];
        TimelineDocument made = Of(model, sequences, rule, snippetSeconds);
        IReadOnlyList<double> scores = made.Score == EventScore.Binary ? made.P1 : made.P2;
        return made with
        {
            Camera = camera,
            Start = start,
            Times = [.. times.Select(Round)],
            Images = [.. frames.Select(f => f.Image)],
            Events =
            [
                .. made.Events.Select(e =>
                {
                    Frame highest = frames[Enumerable.Range(e.FirstSnippet, e.EndSnippet - e.FirstSnippet).MaxBy(i => scores[i])];
                    return e with
                    {
                        From = Round(times[e.FirstSnippet]),
                        To = Round(times[e.EndSnippet - 1] + snippetSeconds),
                        Image = highest.Image,
                        ETag = highest.ETag,
                    };
                }),
            ],
        };
    }

    private static TimelineDocument Of(
        TemporalManifest model,
        IReadOnlyList<ScoredSequence> sequences,
        EventRule rule,
        double snippetSeconds
    )
    {
        int shortest = EventFinder.Snippets(rule.MinSeconds, snippetSeconds),
            before = 0;
        List<TimelineEvent> events = [];
        foreach (SequenceScores scores in sequences.Select(s => s.Scores))
        {
            if (rule.Threshold is { } threshold)
                foreach (FoundEvent e in EventFinder.Find(scores, rule.Score, model.Head.Length, shortest, threshold))
                    events.Add(
                        new TimelineEvent(
                            Round((before + e.From) * snippetSeconds),
                            Round((before + e.To) * snippetSeconds),
                            before + e.From,
                            before + e.To,
                            model.Classes[e.Class],
                            Round(e.Probability),
                            Round(e.Score),
                            Round(e.Peak)
                        )
                    );
            before += scores.Count;
        }

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
            Lengths = [.. sequences.SelectMany(s => s.Scores.Valid)],
            P1 = [.. sequences.SelectMany(s => s.Scores.Binary).Select(p => Round(p))],
            P2 = [.. sequences.SelectMany(s => s.Scores.Alignment).Select(p => Round(p))],
            ClassProbabilities =
            [
                .. sequences
                    .SelectMany(s => s.Scores.ClassProbabilities.Chunk(s.Scores.Classes))
                    .Select(c => (double[])[.. c.Select(p => Round(p))]),
            ],
            Events = events,
        };
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else, or from a newer program.</exception>
    public static TimelineDocument Parse(BinaryData json)
    {
        TimelineDocument found =
            JsonSerializer.Deserialize(json.ToMemory().Span, TimelineJson.Default.TimelineDocument)
            ?? throw new JsonException("It is null.");
        return found.SchemaVersion <= CurrentSchema
            ? found
            : throw new JsonException($"It has schemaVersion {found.SchemaVersion}; this program reads up to {CurrentSchema}: update it.");
    }

    /// <summary>The document as it is stored and printed.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, TimelineJson.Default.TimelineDocument);

    private static double Round(double value) => Math.Round(value, Digits);
}

/// <summary>An event of a time line.</summary>
/// <param name="From">Its begin, in seconds after that of the time line.</param>
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
)
{
    /// <summary>The frame with the highest score: its name in the images container; absent for a recording.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Image { get; init; }

    /// <summary>Version of that blob, without quotes; absent for a recording.</summary>
    [JsonPropertyName("etag")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ETag { get; init; }
}

/// <summary>A sequence that was scored by itself.</summary>
/// <param name="Scores">Of n snippets.</param>
/// <param name="Frames">The frames, one for each snippet; empty if they are not known.</param>
public sealed record ScoredSequence(SequenceScores Scores, IReadOnlyList<Frame> Frames);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TimelineDocument))]
internal sealed partial class TimelineJson : JsonSerializerContext;
