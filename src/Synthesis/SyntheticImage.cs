using AaClip.Evaluation.DataSets;
using AaClip.Scoring.Images;
using AaClip.Synthesis.Defects;

namespace AaClip.Synthesis;

/// <summary>A generated image with its ground truth.</summary>
/// <param name="Image">Square image.</param>
/// <param name="Mask">[size, size], 1 where the defect changes the image.</param>
/// <param name="Defect">Kind of the defect; null for a normal image.</param>
public sealed record SyntheticImage(RgbImage Image, byte[] Mask, DefectKind? Defect);
