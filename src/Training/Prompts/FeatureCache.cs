using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using AaClip.Graphs;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;
using AaClip.Training.Optimization;

namespace AaClip.Training.Prompts;

/// <summary>
/// Features of images on disk: the image tower is frozen, so each image goes through it once. A file's name is made of everything that its
/// values depend on: the model and its options (folder), and the content of the image (file).
/// </summary>
internal sealed class FeatureCache : IDisposable
{
    private const string PatchFeature = "/head/levels.0/feature"; // of norm 1, as the package compares them
    private const string ClassFeature = "/head/class/feature";

    private readonly PromptModel _model;
    private readonly Provider _provider;
    private readonly int _threads;
    private readonly Preprocessor _preprocessor;
    private readonly string _scratch = Directory.CreateTempSubdirectory("aaclip-features-").FullName;
    private readonly string _folder;
    private TrainingGraph? _graph;

    /// <param name="folder">Folder of the caches of all models; is created.</param>
    /// <param name="threads">CPU threads; 0 takes all cores.</param>
    public FeatureCache(string folder, PromptModel model, Provider provider, int threads)
    {
        (_model, _provider, _threads) = (model, provider, threads);
        _preprocessor = new Preprocessor(new Preprocessing { Size = model.Shape.ImageSize });
        _folder = Path.Combine(folder, Key(model));
        Directory.CreateDirectory(_folder);
    }

    /// <summary>Computes the features of an image, if they are not there.</summary>
    /// <exception cref="ImageRejectedException">The image cannot be read.</exception>
    public CachedFeatures Add(string image, CancellationToken cancellation = default)
    {
        byte[] content = File.ReadAllBytes(image);
        string file = Path.Combine(_folder, $"{Convert.ToHexStringLower(SHA256.HashData(content))[..32]}.safetensors");
        if (Find(file) is { } known)
            return known;
        RgbImage picture = ImageDecoder.Decode(content, image, new DecodeOptions { Parity = true }).Image;
        ModelArchitecture shape = _model.Shape;
        float[] pixels = new float[3 * shape.ImageSize * shape.ImageSize];
        _preprocessor.Write(picture, pixels);
        _graph ??= Open();
        Dictionary<string, float[]> features = _graph.Run(
            [
                new GraphInput("image", pixels, 1, 3, shape.ImageSize, shape.ImageSize),
                new GraphInput("anchors", new float[2 * shape.Embed], 1, shape.Embed, 2), // no feature depends on them
            ],
            cancellation: cancellation
        );
        SafetensorsFile.Write(
            file,
            [
                new("patches", ([shape.Grid * shape.Grid, shape.Embed], features[PatchFeature])),
                new("whole", ([shape.Embed], features[ClassFeature])),
            ],
            new Dictionary<string, string> { ["width"] = Text(picture.Width), ["height"] = Text(picture.Height) }
        );
        return new CachedFeatures(file, picture.Width, picture.Height);

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _graph?.Dispose();
        Directory.Delete(_scratch, recursive: true);
    }

    // Files are renamed when they are whole, but a disk that was full or failed can leave less.
    private static CachedFeatures? Find(string file)
    {
        if (!File.Exists(file))
            return null;
        try
        {
            using SafetensorsFile features = SafetensorsFile.Open(file);
            return features.Tensors.ContainsKey("patches") && features.Tensors.ContainsKey("whole")
                ? new CachedFeatures(file, Side("width"), Side("height"))
                : null;

            int Side(string name) =>
                int.TryParse(features.Metadata.GetValueOrDefault(name), CultureInfo.InvariantCulture, out int n) ? n : 0;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private TrainingGraph Open()
    {
        string path = Path.Combine(_scratch, "image.onnx");
        ImageGraph.Write(
            path,
            _model.Shape,
            null,
            Precision.Fp32,
            _model.Activation,
            _model.Read,
            _model.Method,
            [PatchFeature, ClassFeature]
        );
        return new TrainingGraph(path, [], _provider, _threads);
    }

    private static string Key(PromptModel model) =>
        TextHash.Hex(
            string.Join(
                '\n',
                [
                    .. model.Files.Select(PackageFolder.HashOf),
                    JsonSerializer.Serialize(model.Shape, PackageJson.Default.ModelArchitecture),
                    JsonSerializer.Serialize(model.Method, PackageJson.Default.Method),
                    $"{model.Activation}",
                ]
            ),
            16
        );
}

/// <summary>The features of an image on disk.</summary>
/// <param name="File">Their file.</param>
/// <param name="Width">Width of the image in pixels.</param>
/// <param name="Height">Height of the image in pixels.</param>
internal sealed record CachedFeatures(string File, int Width, int Height)
{
    /// <summary>Reads them.</summary>
    /// <param name="patches">[patches, E].</param>
    /// <param name="whole">[E].</param>
    public void Read(Span<float> patches, Span<float> whole)
    {
        using SafetensorsFile features = SafetensorsFile.Open(File);
        features.Tensors["patches"].CopyTo(patches);
        features.Tensors["whole"].CopyTo(whole);
    }
}
