using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Scoring;

/// <summary>
/// A loaded check for generated pictures: image in, probability out that a generator made it (C2P-CLIP, arXiv 2408.09647). It was trained
/// on whole pictures of a few generators of 2018 to 2022, and is near chance on newer ones (docs/methods.md). One instance serves all
/// threads of a process; runs are synchronous work of the processor or the card.
/// </summary>
public sealed class PictureCheck : IDisposable
{
    /// <summary>Pictures with this probability or more count as generated, unless a camera's calibration says otherwise.</summary>
    public const double PublishedThreshold = 0.5;

    private readonly InferenceSession _session;
    private readonly Preprocessor _preprocessor;
    private bool _disposed;

    private PictureCheck(CheckPackage package, InferenceSession session, string provider)
    {
        Model = package.Manifest;
        Id = package.Id;
        Provider = provider;
        _session = session;
        _preprocessor = new Preprocessor(package.Manifest.Preprocessing);
    }

    /// <summary>What the package says of itself.</summary>
    public CheckManifest Model { get; }

    /// <summary>Name and version.</summary>
    public ModelId Id { get; }

    /// <summary>"cuda" or "cpu": where pictures are really checked.</summary>
    public string Provider { get; }

    /// <summary>Loads a package that <c>aaclip import --check</c> made.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">The package is damaged, changed, from a newer version, or of another kind.</exception>
    /// <exception cref="InvalidOperationException">CUDA was demanded and cannot be used, or int8 cannot be exact here.</exception>
    public static PictureCheck Load(string folder, ScorerOptions? options = null)
    {
        options ??= new ScorerOptions();
        CheckPackage package = CheckPackage.Open(folder);
        SessionFactory sessions = new(options.Provider, options.Threads, options.MemoryMapped, options.Logger);
        Int8Kernel? kernel = VerifiedSession.KernelFor(package.Manifest.Precision, package.Id, options);
        InferenceSession session = VerifiedSession.Open(
            package.Content,
            CheckPackage.Graph,
            CheckPackage.Weights,
            sessions,
            kernel,
            options.Verify
        );
        int size = package.Manifest.Architecture.ImageSize;
        if (
            session.InputMetadata.TryGetValue("image", out NodeMetadata? input)
            && input.Dimensions is [_, 3, var height, var width]
            && (height, width) == (size, size)
            && session.OutputMetadata.ContainsKey("logit")
        )
            return new PictureCheck(package, session, sessions.Provider);
        session.Dispose();
        throw new InvalidDataException(
            $"'{CheckPackage.Graph}' in the package '{package.Content.Folder}' does not take images of {size} px and give a logit, as its "
                + $"{ModelManifest.FileName} says: they belong to different models; copy the package again."
        );
    }

    /// <summary>Resizes, cuts and normalises a picture; it is not needed afterwards.</summary>
    /// <param name="image">Any size.</param>
    /// <returns>[3, S, S].</returns>
    public float[] Prepare(RgbImage image)
    {
        float[] input = new float[_preprocessor.Length];
        _preprocessor.Write(image, input);
        return input;
    }

    /// <summary>The model's answer on a picture.</summary>
    /// <param name="input">As <see cref="Prepare"/> made it.</param>
    /// <returns>A number above 0 for what the model takes for generated.</returns>
    /// <exception cref="ArgumentException">The input has another length.</exception>
    /// <exception cref="InvalidDataException">The model gives what is not a number.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime failed, such as for want of memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a running picture is stopped within one node of the graph.</exception>
    public double Logit(float[] input, CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this); // ONNX Runtime would take the process down
        if (input.Length != _preprocessor.Length)
            throw new ArgumentException(
                $"The input has {input.Length} values, expected {_preprocessor.Length} for model {Id}: prepare it with this check.",
                nameof(input)
            );
        using OrtValue pixels = OrtValue.CreateTensorValueFromMemory(input, [1, 3, _preprocessor.Size, _preprocessor.Size]);
        cancellation.ThrowIfCancellationRequested();
        using RunOptions run = new();
        using CancellationTokenRegistration stop = cancellation.Register(() => run.Terminate = true);
        float logit;
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> result = _session.Run(run, ["image"], [pixels], ["logit"]);
            logit = result[0].GetTensorDataAsSpan<float>()[0];
        }
        catch (OnnxRuntimeException e)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new InvalidOperationException($"Model {Id} failed on a picture: {SessionFactory.FirstLine(e.Message)}", e);
        }

        return float.IsFinite(logit)
            ? logit
            : throw new InvalidDataException(
                $"Model {Id} gave {logit} instead of a number: its weights are damaged, or overflowed; import it with --precision fp32."
            );
    }

    /// <summary>The probability that a generator made the picture, as far as the model knows.</summary>
    /// <param name="input">As <see cref="Prepare"/> made it.</param>
    /// <returns>0 to 1.</returns>
    /// <exception cref="InvalidDataException">As for <see cref="Logit"/>, as the other exceptions.</exception>
    public double Probability(float[] input, CancellationToken cancellation = default) => Sigmoid(Logit(input, cancellation));

    /// <summary>The probability for a logit.</summary>
    public static double Sigmoid(double logit) => 1 / (1 + Math.Exp(-logit));

    /// <summary>Lets the model go. No picture may be in work.</summary>
    public void Dispose()
    {
        _disposed = true;
        _session.Dispose();
    }
}
