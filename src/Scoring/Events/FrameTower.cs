using AaClip.Scoring.Images;
using AaClip.Scoring.Sessions;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Scoring.Events;

/// <summary>The image tower of a temporal package or training: frames to features. Safe for several threads.</summary>
public sealed class FrameTower : IDisposable
{
    private readonly FramePreprocessing _frame;
    private readonly InferenceSession _session;

    /// <param name="graph">frame.onnx.</param>
    /// <exception cref="InvalidDataException">The graph cannot be loaded.</exception>
    internal FrameTower(string graph, FramePreprocessing frame, SessionFactory sessions) =>
        (_frame, _session) = (frame, sessions.Open(graph));

    /// <summary>Opens a graph that belongs to no package.</summary>
    /// <param name="threads">0 takes all cores.</param>
    internal static FrameTower Open(string graph, FramePreprocessing frame, Provider provider, int threads, ILogger logger) =>
        new(graph, frame, new SessionFactory(provider, threads, memoryMapped: false, logger));

    /// <summary>The feature of a frame.</summary>
    /// <param name="frame">The decoded frame, at its own size.</param>
    /// <returns>[D], not normalised.</returns>
    /// <exception cref="InvalidDataException">A value is not finite: the weights are damaged.</exception>
    public float[] Feature(RgbImage frame) => Feature(Prepare(frame));

    /// <summary>Prepares a frame.</summary>
    /// <param name="frame">The decoded frame, at its own size.</param>
    /// <returns>[3, S, S].</returns>
    public float[] Prepare(RgbImage frame)
    {
        float[] pixels = new float[3 * _frame.Size * _frame.Size];
        _frame.Write(frame, pixels);
        return pixels;
    }

    /// <summary>The feature of prepared pixels.</summary>
    /// <param name="pixels">[3, S, S].</param>
    /// <inheritdoc cref="Feature(RgbImage)" path="/*[self::returns or self::exception]"/>
    public float[] Feature(float[] pixels)
    {
        using RunOptions run = new();
        using OrtValue image = OrtValue.CreateTensorValueFromMemory(pixels, [1, 3, _frame.Size, _frame.Size]);
        using IDisposableReadOnlyCollection<OrtValue> result = _session.Run(run, ["image"], [image], ["feature"]);
        float[] feature = result[0].GetTensorDataAsSpan<float>().ToArray();
        return Array.TrueForAll(feature, float.IsFinite)
            ? feature
            : throw new InvalidDataException("The feature of a frame is not finite: the weights are damaged; import the model again.");
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
