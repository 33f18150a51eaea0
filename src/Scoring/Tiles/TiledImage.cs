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
    /// <summary>Cuts an image. It takes room for one tile at its own size.</summary>
    /// <param name="patch">Pixels along a side of the model's patches.</param>
    internal static TiledImage Cut(RgbImage image, TileLayout layout, Preprocessor preprocessor, int patch)
    {
        List<RgbImage?> pictures = [];
        foreach (Tile tile in layout.Tiles)
        {
            RgbImage picture = image.Cut(tile.X, tile.Y, tile.Width, tile.Height);
            pictures.Add(BlankImage.Is(picture, patch) ? null : preprocessor.Resize(picture));
        }

        // Two halves of one colour each are blank tiles of an image that is not blank.
        if (pictures.TrueForAll(p => p is null))
            pictures = [.. layout.Tiles.Select(t => preprocessor.Resize(image.Cut(t.X, t.Y, t.Width, t.Height)))];
        return new TiledImage(layout, pictures);
    }
}
