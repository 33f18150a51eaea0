namespace AaClip.Training.Towers;

/// <summary>
/// The attention of the last blocks of the tower that stage 1 takes its patch features from (specification 1.6 and 8, row 2).
/// </summary>
public enum Surgery
{
    /// <summary>Ordinary attention everywhere.</summary>
    None,

    /// <summary>Value–value attention over the images of the batch, separately for every token: what the published code does.</summary>
    Batch,

    /// <summary>Value–value attention over the tokens of an image: what the author names as the model.</summary>
    Tokens,
}
