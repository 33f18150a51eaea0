using AaClip.Graphs.Proto;
using AaClip.Import.Packages;
using AaClip.Import.Tests.Methods;
using AaClip.Scoring;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.References;
using AaClip.Tests;
using Google.Protobuf;

namespace AaClip.Import.Tests.Packages;

/// <summary>Packages of programs that knew no references.</summary>
public sealed class UpdateTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public static TheoryData<string, Precision> Packages =>
        new()
        {
            { "aa-clip", Precision.Fp32 },
            { "aa-clip", Precision.Int8 },
            { "aa-clip", Precision.Fp16 }, // the graph for CUDA
            { "crane", Precision.Fp32 },
            { "crane", Precision.Int8 },
            { "crane", Precision.Fp16 },
        };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Packages))]
    public void An_old_package_is_brought_up_to_date_and_its_scores_keep_their_bits(string method, Precision precision)
    {
        ModelPackage now = ModelPackage.Open(
            method == "aa-clip" ? TinyPackage.Reference(precision) : TinyPackage.Method(method, "crane/epoch_5.pth", precision)
        );
        string old = Old(now);

        ModelPackage updated = ModelImporter.Update(ModelPackage.Open(old), _folder.File("updated"));

        using AnomalyScorer before = MethodGolden.Load(old),
            after = MethodGolden.Load(updated.Folder),
            made = MethodGolden.Load(now.Folder);
        float[] anchors = before.AnchorsOf("bottle");
        ReferenceBank bank = new(after.Model, "bottle", null);
        bank.Add("1", after.PatchesOf(Pictures.Draw(1), Cancellation));
        ReferencePatches references = bank.Build();
        foreach (int picture in (int[])[2, 3])
        {
            ImageScore expected = before.Score(Pictures.Draw(picture), anchors, Domain.Industrial, Cancellation);
            foreach (AnomalyScorer scorer in (AnomalyScorer[])[after, made])
            {
                ImageScore found = scorer.Score(Pictures.Draw(picture), anchors, Domain.Industrial, Cancellation);
                Assert.Equal(expected.Map.Raw.ToArray(), found.Map.Raw.ToArray());
                Assert.Equal(expected.Detection, found.Detection);
            }

            Assert.Equal(
                made.Score(Pictures.Draw(picture), anchors, Domain.Industrial, references, Cancellation).Map.Raw.ToArray(),
                after.Score(Pictures.Draw(picture), anchors, Domain.Industrial, references, Cancellation).Map.Raw.ToArray()
            );
        }

        Assert.Equal((false, true, true), (before.TakesReferences, after.TakesReferences, made.TakesReferences));
        Assert.Equal(now.Manifest.ScoresHash, updated.Manifest.ScoresHash);
        Assert.NotEqual(before.Model.Version, updated.Manifest.Version);
        updated.Verify([.. updated.Manifest.Files.Keys]);
        string reason = Assert
            .Throws<InvalidOperationException>(() => before.Score(Pictures.Draw(2), anchors, Domain.Industrial, references, Cancellation))
            .Message;
        Assert.Contains("aaclip import --package", reason, StringComparison.Ordinal);
        Assert.Contains(
            "is up to date",
            Assert.Throws<InvalidDataException>(() => ModelImporter.Update(updated, _folder.File("again"))).Message,
            StringComparison.Ordinal
        );
        Assert.False(Directory.Exists(_folder.File("again")));
    }

    // The same package as an older program would have written it
    private string Old(ModelPackage package)
    {
        string folder = _folder.File("old");
        ModelImporter.Recalibrate(package, new Dictionary<string, Calibration>(), folder);
        string path = Path.Combine(folder, ModelPackage.ImageGraph);
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        GraphProto graph = model.Graph;
        graph.Input.Remove(graph.Input.Single(i => i.Name == "references"));
        graph.Initializer.Remove(graph.Initializer.Single(i => i.Name == "references"));
        foreach (string output in (string[])["distance", "patches"])
            graph.Output.Remove(graph.Output.Single(o => o.Name == output));
        foreach (
            NodeProto node in graph
                .Node.Where(n =>
                    n.Name.StartsWith("/references/", StringComparison.Ordinal) || n.Output.Any(o => o is "distance" or "patches")
                )
                .ToArray()
        )
            graph.Node.Remove(node);
        File.WriteAllBytes(path, model.ToByteArray());
        string manifest = Path.Combine(folder, ModelManifest.FileName);
        PackageFile was = package.Manifest.Files[ModelPackage.ImageGraph];
        File.WriteAllText(
            manifest,
            File.ReadAllText(manifest)
                .Replace(was.Sha256, PackageFolder.HashOf(path), StringComparison.Ordinal)
                .Replace(
                    FormattableString.Invariant($"\"bytes\": {was.Bytes},"),
                    FormattableString.Invariant($"\"bytes\": {new FileInfo(path).Length},"),
                    StringComparison.Ordinal
                )
        );
        return folder;
    }
}
