using AssemblyEdge = System.Collections.Generic.KeyValuePair<(string From, string To), System.Collections.Generic.SortedSet<string>>;

namespace AaClip.Infra.Tests;

/// <summary>References go one way: between projects, between the namespaces of a project, and between the folders of Pipeline.</summary>
public class ReferencesTests
{
    private const string Pipeline = "AaClip.Pipeline";

    /// <summary>Folders of Pipeline: each uses only those of the lines above it, and none of its own line.</summary>
    private static readonly string[][] Layers =
    [
        ["Storage"],
        ["Contracts"],
        ["Results.Index", "Telemetry"],
        ["Resilience"],
        ["Models", "Results", "Reviews", "Routing"],
        ["Timelines"],
        ["Results.Counts", "Scoring"],
        ["Audits", "Cameras"],
        ["Alerts", "Jobs"],
        ["Events", "Failures"],
        ["Operations"],
    ];

    /// <summary>Children that may use their parent.</summary>
    private static readonly (string Child, string Parent, string Why)[] Exceptions =
    [
        ("AaClip.Scoring.Images.Files", "AaClip.Scoring.Images", "Refuses files with the errors and limits that callers of Images see."),
        ("AaClip.Import.Adapters", "AaClip.Import", "Reads a Checkpoint, which does not know it."),
        ("AaClip.Import.Clip", "AaClip.Import", "Reads a Checkpoint, which does not know it."),
        ("AaClip.Import.Methods", "AaClip.Import", "Reads a Checkpoint, which does not know it."),
        ("AaClip.Evaluation.Report", "AaClip.Evaluation", "Shows a ClassReport, which does not know it."),
        ("AaClip.Training.Pretraining", "AaClip.Training", "Tells its progress as a training does, which does not know it."),
    ];

    /// <summary>Projects, and those that each uses.</summary>
    public static TheoryData<string, string[]> Projects { get; } =
        new()
        {
            { "Scoring", [] },
            { "Reports", [] },
            { "Graphs", ["Scoring"] },
            { "Import", ["Graphs", "Scoring"] },
            { "Evaluation", ["Reports", "Scoring"] },
            { "Synthesis", ["Evaluation", "Scoring"] },
            { "Training", ["Evaluation", "Graphs", "Import", "Scoring", "Synthesis"] },
            { "Pipeline", ["Reports", "Scoring"] },
            { "Functions", ["Pipeline", "Scoring"] },
            { "LocalHost", ["Pipeline"] },
            { "Review", ["Pipeline", "Scoring"] },
        };

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_no_other_than_these(string project, string[] used)
    {
        Assert.Subset(used.ToHashSet(), Of(project).Projects.ToHashSet());
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_namespace_uses_one_that_uses_it(string project, string[] _)
    {
        AssemblyEdge[] edges = [.. Of(project).Edges.Where(e => !IsException(e.Key))];
        ILookup<string, string> uses = edges.ToLookup(e => e.Key.From, e => e.Key.To);

        None(edges.Where(e => Reach(uses, e.Key.To).Contains(e.Key.From)));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_parent_uses_its_children_and_they_do_not_use_it(string project, string[] _)
    {
        None(Of(project).Edges.Where(e => IsChild(e.Key.From, e.Key.To) && !IsException(e.Key)));
    }

    [Fact]
    public void Every_exception_is_still_needed()
    {
        (string, string)[] edges = [.. Projects.SelectMany(p => Of(p.Data.Item1).Edges.Keys)];

        Assert.All(Exceptions, e => Assert.Contains((e.Child, e.Parent), edges));
    }

    [Fact]
    public void Folders_of_the_pipeline_use_those_of_lower_layers_alone()
    {
        None(Of("Pipeline").Edges.Where(e => LayerOf(e.Key.From) <= LayerOf(e.Key.To)));
    }

    [Theory]
    [InlineData("FailureRecorder -> ResultStore")] // a constructor's parameter
    [InlineData("UploadRouter -> Metrics")] // a call in an async method
    [InlineData("LoadedModel -> ModelPart")] // a property
    [InlineData("CameraJson -> DomainConverter")] // an attribute
    public void Signatures_bodies_and_attributes_count(string reference)
    {
        Assert.Contains(reference, Of("Pipeline").Edges.SelectMany(e => e.Value));
    }

    private static NamespaceReferences Of(string project) => new($"AaClip.{project}");

    private static bool IsChild(string name, string parent) => name.StartsWith($"{parent}.", StringComparison.Ordinal);

    private static bool IsException((string From, string To) edge) => Exceptions.Any(e => (e.Child, e.Parent) == edge);

    private static int LayerOf(string name)
    {
        int layer = Array.FindIndex(Layers, l => l.Any(folder => name == $"{Pipeline}.{folder}"));
        return layer >= 0 ? layer : throw new ArgumentException($"{name} has no layer: give it one.");
    }

    private static HashSet<string> Reach(ILookup<string, string> uses, string from)
    {
        HashSet<string> reached = [from];
        Stack<string> open = new(reached);
        while (open.TryPop(out string? next))
            foreach (string used in uses[next].Where(reached.Add))
                open.Push(used);
        return reached;
    }

    private static void None(IEnumerable<AssemblyEdge> wrong)
    {
        string[] lines = [.. wrong.Select(e => $"{e.Key.From} uses {e.Key.To}: {string.Join(", ", e.Value)}")];
        Assert.True(lines.Length == 0, string.Join('\n', lines));
    }
}
