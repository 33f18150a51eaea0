using AaClip.Evaluation.DataSets;
using AaClip.Scoring.Images;
using AaClip.Synthesis.Defects;

namespace AaClip.Synthesis;

/// <summary>A drawn image with what is known of it.</summary>
/// <param name="Image">Square.</param>
/// <param name="Mask">[size, size], 1 where the defect changes the picture.</param>
/// <param name="Defect">Its kind; null for a normal image.</param>
public sealed record SyntheticImage(RgbImage Image, byte[] Mask, DefectKind? Defect);
