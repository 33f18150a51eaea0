using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tiles;

/// <summary>
/// An image cut into tiles, each resized to the model's input: three bytes for each pixel of the input, 0.8 MB for a tile at 518 px. The
/// decoded image is not needed any more.
/// </summary>
/// <param name="Layout">Where the tiles are.</param>
/// <param name="Pictures">One for each tile; null for a blank one, which the model finds no anomaly in and which is not scored.</param>
public sealed record TiledImage(TileLayout Layout, IReadOnlyList<RgbImage?> Pictures)
{
    /// <summary>Cuts an image.</summary>
    /// <param name="patch">Pixels along a side of the model's patches.</param>
    internal static TiledImage Cut(RgbImage image, TileLayout layout, Preprocessor preprocessor, int patch)
    {
        ImageWindow[] parts = [.. layout.Tiles.Select(t => new ImageWindow(image, t.X, t.Y, t.Width, t.Height))];
        bool[] blank = [.. parts.Select(p => BlankImage.Is(p, patch))];
        // Two halves of one colour each are blank tiles of an image that is not blank
        bool all = Array.TrueForAll(blank, b => b);
        return new TiledImage(layout, [.. parts.Select((p, i) => blank[i] && !all ? null : preprocessor.ResizePart(p))]);
    }
}
