namespace AaClip.Scoring.Tiles;

/// <summary>A tile of an image, in pixels from its top left corner, and the model's score of it.</summary>
/// <param name="X">First column.</param>
/// <param name="Y">First row.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
/// <param name="Detection">Detection score of the tile; null for a blank tile, which is not scored.</param>
public sealed record Tile(int X, int Y, int Width, int Height, float? Detection = null);
