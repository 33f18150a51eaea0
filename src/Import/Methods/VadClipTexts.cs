using AaClip.Graphs;
using AaClip.Import.Clip;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Import.Methods;

/// <summary>
/// The class sentences of VadCLIP (src/model.py, encode_textprompt): start mark, ten learned rows, the words, ten learned rows, end mark;
/// the rest of the 77 rows is learned, too. The learned rows depend on the position alone and are the same for all classes.
/// </summary>
internal static class VadClipTexts
{
    private const int Before = 10,
        Behind = 10; // learned rows, src/ucf_option.py

    /// <summary>The classes of model_ucf.pth, in the order of its training; the scripts' capitals are lost in the tokenizer.</summary>
    public static IReadOnlyList<string> Ucf { get; } =
    [
        "normal",
        "abuse",
        "arrest",
        "arson",
        "assault",
        "burglary",
        "explosion",
        "fighting",
        "roadaccidents",
        "robbery",
        "shooting",
        "shoplifting",
        "stealing",
        "vandalism",
    ];

    /// <summary>The classes of model_xd.pth.</summary>
    public static IReadOnlyList<string> Xd { get; } = ["normal", "fighting", "shooting", "riot", "abuse", "car accident", "explosion"];

    /// <summary>Reads what the user names: "ucf", "xd", or names with the normal class first.</summary>
    /// <exception cref="InvalidDataException">The names cannot be used; the message says why.</exception>
    public static IReadOnlyList<string> Parse(IReadOnlyList<string> names)
    {
        string[] clean = [.. names.Select(n => ClipTokenizer.Clean(n)).Where(n => n.Length > 0)];
        IReadOnlyList<string> classes = clean switch
        {
            ["ucf"] => Ucf,
            ["xd"] => Xd,
            _ => clean,
        };
        if (classes.Count < 2 || classes[0] != "normal")
            throw new InvalidDataException(
                $"--classes {string.Join(' ', names)} cannot be used: take ucf, xd, or at least two names of which the first "
                    + $"is 'normal', for "
                    + "the model compares every other class with it."
            );
        if (classes.GroupBy(c => c).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new InvalidDataException($"--classes has '{twice.Key}' twice: name each class once.");
        return classes;
    }

    /// <summary>The token ids of class names, [C, context]: start, words, end, zeros.</summary>
    /// <exception cref="InvalidDataException">A name has too many words.</exception>
    public static long[][] Tokens(IReadOnlyList<string> classes, ClipTokenizer tokenizer, int context)
    {
        long[][] rows = new long[classes.Count][];
        for (int i = 0; i < rows.Length; i++)
        {
            int length = tokenizer.Encode(classes[i]).Length;
            if (length == 0 || length + 2 + Before + Behind > context)
                throw new InvalidDataException(
                    $"The class '{classes[i]}' has {length} tokens, expected 1 to {context - 2 - Before - Behind}: choose a shorter name."
                );
            rows[i] = tokenizer.EncodeRow(classes[i], context);
        }

        return rows;
    }

    /// <summary>Which row of the text input is which: the learned row of its position, or a word of the vocabulary.</summary>
    /// <param name="tokens">[context]: start, words, end, zeros.</param>
    /// <returns>For each position the token id, or −1 for the learned row; and the position of the end mark.</returns>
    public static (long[] Words, int End) Layout(ReadOnlySpan<long> tokens)
    {
        int end = 0; // of the tokens: the largest id is the end mark's
        for (int i = 1; i < tokens.Length; i++)
            if (tokens[i] > tokens[end])
                end = i;
        long[] words = new long[tokens.Length];
        Array.Fill(words, -1);
        words[0] = tokens[0];
        tokens[1..end].CopyTo(words.AsSpan(Before + 1));
        words[Before + Behind + end] = tokens[end];
        return (words, Before + Behind + end);
    }

    /// <summary>The input of the text tower without positions, [C, context, width].</summary>
    /// <param name="learned">[context, width].</param>
    /// <param name="table">[vocabulary, width].</param>
    public static (float[] Rows, long[] Ends) Input(
        IReadOnlyList<long[]> tokens,
        ReadOnlySpan<float> learned,
        ReadOnlySpan<float> table,
        int width
    )
    {
        float[] rows = new float[tokens.Count * learned.Length];
        long[] ends = new long[tokens.Count];
        for (int c = 0; c < tokens.Count; c++)
        {
            (long[] words, int end) = Layout(tokens[c]);
            ends[c] = end;
            for (int i = 0; i < words.Length; i++)
            {
                ReadOnlySpan<float> row = words[i] < 0 ? learned.Slice(i * width, width) : table.Slice((int)words[i] * width, width);
                row.CopyTo(rows.AsSpan(c * learned.Length + i * width));
            }
        }

        return (rows, ends);
    }

    /// <summary>The class embeddings, [C, E], not normalised.</summary>
    /// <param name="folder">Folder for the temporary graph.</param>
    public static float[] Embed(ClipWeights clip, VadClipCheckpoint checkpoint, IReadOnlyList<long[]> tokens, string folder)
    {
        ClipArchitecture sizes = clip.Architecture;
        (float[] rows, long[] ends) = Input(
            tokens,
            checkpoint.Weights["text_prompt_embeddings.weight"],
            clip.Read("token_embedding.weight"),
            sizes.Text.Width
        );
        string path = Path.Combine(folder, "classes.onnx");
        PromptedTextGraph.Write(path, TowerSizes(sizes), Activation.QuickGelu, [], clip.Read);
        try
        {
            using InferenceSession session = new SessionFactory(Provider.Cpu, 0, false, NullLogger.Instance).Open(path);
            using RunOptions run = new();
            using OrtValue prompts = OrtValue.CreateTensorValueFromMemory(rows, [tokens.Count, sizes.Context, sizes.Text.Width]);
            using OrtValue at = OrtValue.CreateTensorValueFromMemory(ends, [tokens.Count, 1]);
            using IDisposableReadOnlyCollection<OrtValue> result = session.Run(run, ["prompts", "ends"], [prompts, at], ["features"]);
            return result[0].GetTensorDataAsSpan<float>().ToArray();
        }
        finally
        {
            File.Delete(path);
            File.Delete(Path.ChangeExtension(path, ".weights"));
        }
    }

    /// <summary>The sizes that the graphs of both towers are written with, at CLIP's own input size.</summary>
    public static ModelArchitecture TowerSizes(ClipArchitecture clip) => clip.Sizes(clip.ImageSize, [clip.Vision.Layers]);
}
