namespace AaClip.Checkpoints.Onnx;

/// <summary>How adapters sit in the towers (specification 2).</summary>
/// <param name="ImageBlocks">Image blocks, from the first, that carry an adapter. 6.</param>
/// <param name="ImageShare">Weight w of the adapter in the mix, 0 to 1. 0.1.</param>
/// <param name="TextBlocks">Text blocks, from the first, that carry an adapter. 3.</param>
/// <param name="TextShare">The same weight in the text tower. 0.1.</param>
/// <param name="Relu">Whether the projections carry a LeakyReLU (the published switch --relu).</param>
internal sealed record AdapterShape(int ImageBlocks, double ImageShare, int TextBlocks, double TextShare, bool Relu);
