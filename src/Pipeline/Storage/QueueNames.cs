namespace AaClip.Pipeline.Storage;

/// <summary>Names of the queues. They are constants because triggers name them in attributes.</summary>
public static class QueueNames
{
    /// <summary>Storage events of the images container.</summary>
    public const string Uploads = "uploads";

    /// <summary>Requests to score new images.</summary>
    public const string Score = "score";

    /// <summary>Requests of jobs, and of the shadow model.</summary>
    public const string ScoreBulk = "score-bulk";

    /// <summary>Images that have a score.</summary>
    public const string Scored = "scored";

    /// <summary>Frames that have a feature.</summary>
    public const string Events = "events";

    /// <summary>Alerts for downstream systems.</summary>
    public const string Alerts = "alerts";

    /// <summary>Steps of rescoring jobs.</summary>
    public const string Rescore = "rescore";

    /// <summary>The host's suffix for the poison queue, which receives a message after its last failed delivery.</summary>
    public const string PoisonSuffix = "-poison";

    /// <summary>Poison queue of <see cref="Uploads"/>.</summary>
    public const string UploadsPoison = Uploads + PoisonSuffix;

    /// <summary>Poison queue of <see cref="Score"/>.</summary>
    public const string ScorePoison = Score + PoisonSuffix;

    /// <summary>Poison queue of <see cref="ScoreBulk"/>.</summary>
    public const string ScoreBulkPoison = ScoreBulk + PoisonSuffix;

    /// <summary>Poison queue of <see cref="Scored"/>.</summary>
    public const string ScoredPoison = Scored + PoisonSuffix;

    /// <summary>Poison queue of <see cref="Events"/>.</summary>
    public const string EventsPoison = Events + PoisonSuffix;

    /// <summary>Poison queue of <see cref="Rescore"/>.</summary>
    public const string RescorePoison = Rescore + PoisonSuffix;

    /// <summary>
    /// Every queue that a function reads or writes. The host creates poison queues only when it needs them; the pipeline creates them at
    /// start, because they have triggers.
    /// </summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Uploads,
        Score,
        ScoreBulk,
        Scored,
        Events,
        Alerts,
        Rescore,
        UploadsPoison,
        ScorePoison,
        ScoreBulkPoison,
        ScoredPoison,
        EventsPoison,
        RescorePoison,
    ];
}
