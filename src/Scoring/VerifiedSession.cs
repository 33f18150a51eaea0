using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Scoring;

/// <summary>Opens the graph of a package.</summary>
internal static class VerifiedSession
{
    /// <summary>The kernel for the int8 products of a package.</summary>
    /// <returns>Null for a float package.</returns>
    /// <exception cref="InvalidOperationException">The package is int8, which cannot be exact here.</exception>
    public static Int8Kernel? KernelFor(Precision precision, ModelId id, ScorerOptions options) =>
        precision != Precision.Int8
            ? null
            : options.Int8Kernel
                ?? Int8Probe.ForThisMachine
                ?? throw new InvalidOperationException(
                    $"Model {id} is int8, and would give wrong scores here. Int8 products: {Int8Probe.Describe(null)}."
                );

    /// <summary>
    /// Opens a graph. Native code gets none that was not compared with its hash. The weights are compared meanwhile: hashing and loading
    /// read the same pages, and side by side they cost little more than one of them.
    /// </summary>
    /// <param name="verify">Whether to compare hashes.</param>
    /// <exception cref="InvalidDataException">A file was changed, or the graph cannot be loaded.</exception>
    public static InferenceSession Open(
        PackageFolder package,
        string graph,
        string weights,
        SessionFactory sessions,
        Int8Kernel? kernel,
        bool verify
    )
    {
        if (verify)
            package.Verify(graph);
        Task verified = verify ? Task.Run(() => package.Verify(weights)) : Task.CompletedTask;
        InferenceSession session;
        try
        {
            session = sessions.Open(package.PathOf(graph), kernel);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            verified.GetAwaiter().GetResult(); // a changed file is the better explanation of a graph that does not load
            throw;
        }

        try
        {
            verified.GetAwaiter().GetResult();
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }
}
