namespace AaClip.Training.Towers;

/// <summary>
/// Kind of attention in the last blocks of the tower that gives the patch features of stage 1 (specification 1.6 and 8, row 2).
/// </summary>
public enum Surgery
{
    /// <summary>Ordinary attention everywhere.</summary>
    None,

    /// <summary>Value–value attention over the images of the batch, separately for every token, as in the published code.</summary>
    Batch,

    /// <summary>Value–value attention over the tokens of an image, as in AnomalyCLIP, which the author names as the model for it.</summary>
    Tokens,
}
