using AaClip.Graphs;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;
using AaClip.Training.Autodiff;
using AaClip.Training.Optimization;
using AaClip.Training.Towers;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Training.Stages;

/// <summary>
/// Computes the anchors of a class from its sentences, and the gradients back through the text tower (specification 3.1). Classes are
/// processed one at a time, so that memory is that of one class however many classes a batch contains. The cost is a second forward pass.
/// </summary>
/// <param name="tokenize">Gives the tokens of a class's sentences, [sentences, context]; see <see cref="With"/>.</param>
internal sealed class TextEncoding(FrozenClip clip, GraphFolder graphs, IReadOnlyList<Parameter> parameters, Func<string, long[]> tokenize)
{
    private readonly Dictionary<string, GraphInput[]> _sentences = [];

    /// <summary>True for the tower without adapters: plain CLIP.</summary>
    public bool Plain { get; init; }

    /// <summary>Anchors [E, 2]: column 0 normal, column 1 abnormal.</summary>
    public float[] Anchors(string className, CancellationToken cancellation = default) =>
        graphs
            .Get(Plain ? "text-plain" : "text", parameters, (tape, graph) => Write(tape, graph, gradients: false))
            .Run(Sentences(className), cancellation: cancellation)["anchors"];

    /// <summary>Adds the gradients of the parameters for an upstream gradient [E, 2] of the anchors.</summary>
    public void AddGradients(string className, float[] upstream, CancellationToken cancellation = default) =>
        graphs
            .Get("text-gradients", parameters, (tape, graph) => Write(tape, graph, gradients: true))
            .Run([.. Sentences(className), new GraphInput("upstream", upstream, clip.Shape.Embed, 2)], add: true, cancellation);

    private void Write(Tape tape, GraphWriter graph, bool gradients)
    {
        ModelArchitecture shape = clip.Shape;
        (IReadOnlyList<string> normal, IReadOnlyList<string> abnormal) = PromptEnsemble.Default.Sentences("");
        int sentences = normal.Count + abnormal.Count;
        TransformerTape tower = new(tape, new WeightSource(tape, clip.Read, parameters), clip.Options.Activation);
        Value tokens = graph.Input("tokens", DataType.Int64, sentences, shape.Context);
        Tensor end = tape.Input("end", sentences, 1, shape.Context);

        Tensor features = tape.Normalise(TextTower.Write(tower, tokens, end, shape, Plain ? null : clip.TextAdapters)); // [sentences, E]
        float[] mean = new float[2 * sentences];
        mean.AsSpan(0, normal.Count).Fill(1f / normal.Count);
        mean.AsSpan(sentences + normal.Count).Fill(1f / abnormal.Count);
        Tensor sides = tape.Normalise(tape.Product(tape.Constant("const/sides", [2, sentences], mean), features)); // [2, E]
        Tensor anchors = tape.Transpose(sides, 1, 0); // [E, 2]
        tape.Output("anchors", anchors);
        if (gradients)
            tape.WriteGradients(anchors, tape.Input("upstream", shape.Embed, 2));
    }

    /// <summary>Makes a function that gives the tokens of a class's sentences, normal sentences first.</summary>
    public static Func<string, long[]> With(ClipTokenizer tokenizer, int context) =>
        className =>
        {
            string name = ClassNames.Resolve(className, tokenizer, PromptPack.Default, context);
            (IReadOnlyList<string> normal, IReadOnlyList<string> abnormal) = PromptEnsemble.Default.Sentences(name);
            string[] all = [.. normal, .. abnormal];
            long[] tokens = new long[all.Length * context];
            for (int i = 0; i < all.Length; i++)
                tokenizer.EncodeRow(all[i], tokens.AsSpan(i * context, context));
            return tokens;
        };

    private GraphInput[] Sentences(string className)
    {
        if (_sentences.TryGetValue(className, out GraphInput[]? known))
            return known;
        long[] tokens = tokenize(className);
        int context = clip.Shape.Context,
            rows = tokens.Length / context;
        return _sentences[className] = [
            new GraphInput("tokens", tokens, rows, context),
            new GraphInput("end", TextTower.Ends(tokens, context), rows, 1, context),
        ];
    }
}
