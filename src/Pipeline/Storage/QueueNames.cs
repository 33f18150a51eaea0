namespace AaClip.Pipeline.Storage;

/// <summary>The queues. Constants, for triggers name them in attributes.</summary>
public static class QueueNames
{
    /// <summary>Storage events of the images container.</summary>
    public const string Uploads = "uploads";

    /// <summary>New images to be scored.</summary>
    public const string Score = "score";

    /// <summary>Images that a job wants scored again.</summary>
    public const string ScoreBulk = "score-bulk";

    /// <summary>Images that have a score.</summary>
    public const string Scored = "scored";

    /// <summary>Alerts for downstream systems.</summary>
    public const string Alerts = "alerts";

    /// <summary>Steps of rescoring jobs.</summary>
    public const string Rescore = "rescore";

    /// <summary>What a host appends to the name of the queue that takes what was given up on.</summary>
    public const string PoisonSuffix = "-poison";

    /// <summary>Storage events given up on.</summary>
    public const string UploadsPoison = Uploads + PoisonSuffix;

    /// <summary>New images given up on.</summary>
    public const string ScorePoison = Score + PoisonSuffix;

    /// <summary>Images of jobs given up on.</summary>
    public const string ScoreBulkPoison = ScoreBulk + PoisonSuffix;

    /// <summary>Scored images whose alert was given up on.</summary>
    public const string ScoredPoison = Scored + PoisonSuffix;

    /// <summary>Steps of jobs given up on.</summary>
    public const string RescorePoison = Rescore + PoisonSuffix;

    /// <summary>
    /// Every queue that a function reads or writes; poison queues are made by the host, and by us so that their triggers need not wait.
    /// </summary>
    public static IReadOnlyList<string> All { get; } =
    [Uploads, Score, ScoreBulk, Scored, Alerts, Rescore, UploadsPoison, ScorePoison, ScoreBulkPoison, ScoredPoison, RescorePoison];
}
