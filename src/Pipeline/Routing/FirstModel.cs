namespace AaClip.Pipeline.Routing;

/// <summary>
/// The cheap first model of a camera: it settles images that are clearly normal, and the live model scores the others. Made by
/// <c>aaclip calibrate --first</c>.
/// </summary>
/// <param name="Model">"name@version", from the models container or Model__Path.</param>
/// <param name="Settles">
/// Images with a lower raw score of this model, on its package's scale for the class, are settled; above 0 and below 1.
/// </param>
/// <param name="Against">
/// "name@version" of the live model that <paramref name="Settles"/> was calibrated against: while another model is live, that one scores
/// every image. Null for any.
/// </param>
/// <param name="Bound">
/// What the calibration found, for readers: with 95 % confidence, at most this share of what the live model calls anomalous is settled.
/// Above 0, at most 1; null if it is not known.
/// </param>
public sealed record FirstModel(string Model, double Settles, string? Against = null, double? Bound = null);
