using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;

namespace AaClip.Import.Packages;

/// <summary>The method of an import, with what it reads.</summary>
/// <param name="Info">The published method.</param>
/// <param name="Options">Its options for these weights.</param>
/// <param name="Adapters">Path of AA-CLIP's adapters; null without them.</param>
/// <param name="Learned">Learned prompts; null for methods without them.</param>
/// <param name="Hybrid">AdaCLIP's checkpoint; null for other methods.</param>
/// <param name="Prompts">The prompts of the package.</param>
internal sealed record ImportedMethod(
    MethodInfo Info,
    Method Options,
    string? Adapters,
    LearnedPrompts? Learned,
    AdaClipCheckpoint? Hybrid,
    PromptPack Prompts
)
{
    /// <summary>The checkpoint with prompts; null for methods without one.</summary>
    public string? PromptsFile => Learned?.Path ?? Hybrid?.Path;

    /// <summary>Selects the method, and reads its checkpoint and its prompts.</summary>
    /// <exception cref="InvalidDataException">Options contradict each other, or a file does not fit.</exception>
    public static ImportedMethod Of(ImportOptions options, ClipWeights clip)
    {
        if (options is { Adapters: not null, Checkpoint: not null })
            throw new InvalidDataException("--adapters and --checkpoint are both given: give the checkpoint of one method.");
        string? checkpoint = options.Checkpoint ?? options.Adapters;
        MethodInfo info =
            options.Method is { } name ? MethodInfo.Find(name)
            : options.Checkpoint is { } given ? MethodInfo.Recognise(given)
            : MethodInfo.Find(Method.AaClip.Name);

        bool adapted = info.Name == Method.AaClip.Name;
        Method method = info.Options(clip.Architecture.Vision.Layers);
        bool hybrid = method.Hybrid is not null;
        if ((info.LearnedPrompts || hybrid) && checkpoint is null)
            throw new InvalidDataException($"The method {info.Name} needs its learned prompts: give --checkpoint. Download: {info.Needs}.");
        if (!info.LearnedPrompts && !hybrid && !adapted && checkpoint is not null)
            throw new InvalidDataException(
                $"The method {info.Name} has no checkpoint: leave out '{checkpoint}', or choose another --method."
            );
        if (info.LearnedPrompts && options.Prompts is not null)
            throw new InvalidDataException(
                $"The method {info.Name} has learned prompts, which '{options.Prompts}' cannot change: leave it out."
            );

        if (options.FirstBlock is { } first)
            method = method with
            {
                Correlation =
                    method.Correlation is { } path && first >= 1 && first <= clip.Architecture.Vision.Layers
                        ? path with
                        {
                            FirstBlock = first,
                        }
                        : throw new InvalidDataException(
                            $"--first-block {first} cannot be used: take a block from 1 to {clip.Architecture.Vision.Layers}, with a "
                                + "method that has a correlation path."
                        ),
            };
        if (options.Views is { } views)
            method =
                !Views.Counts.Contains(views)
                    ? throw new InvalidDataException($"--views {views} cannot be used: take {string.Join(", ", Views.Counts)}.")
                : views > 1 && method.Name != AnoVl.Info.Name
                    ? throw new InvalidDataException($"--views is for anovl; {method.Name} is published with one view: leave it out.")
                : method with { Views = views > 1 ? views : null };
        if (options is { Clean: true, Levels: not null })
            throw new InvalidDataException("--clean replaces the patches of the last block, the only level: leave out --levels.");
        if (options.Clean)
            method = Clean(method, checkpoint, clip.Architecture.Vision.Layers);
        if (method.Correlation is { } second && options.Levels?.FirstOrDefault(l => l < second.FirstBlock) is { } early and > 0)
            throw new InvalidDataException(
                $"--levels has {early}, but the correlation path of {method.Name} begins at block {second.FirstBlock}: take later blocks."
            );
        if (info.LearnedPrompts && options.Classes.Count > 0)
            throw new InvalidDataException($"The method {info.Name} has the same anchors for every class: leave out --classes.");
        if (hybrid && options.Classes.Count > 0)
            throw new InvalidDataException($"The method {info.Name} makes anchors from each image: leave out --classes.");
        PromptPack prompts = options.Prompts is { } pack
            ? PromptPack.FromJson(File.ReadAllBytes(pack), pack)
            : info.Prompts ?? PromptPack.Default;
        if (hybrid && prompts.MeanOfRaw)
            throw new InvalidDataException(
                $"'{options.Prompts}' has meanOfRaw, but {info.Name} normalises each sentence: leave it out of the pack."
            );
        AdaClipCheckpoint? made = hybrid ? AdaClipCheckpoint.Open(checkpoint!, clip) : null; // checked above
        if (made is not null)
            method = method with { Hybrid = method.Hybrid! with { Blocks = made.Blocks, Rows = made.Rows } }; // hybrid
        return new ImportedMethod(
            info,
            method,
            adapted ? checkpoint : null,
            info.LearnedPrompts ? LearnedPrompts.Open(checkpoint!, clip) : null, // checked above
            made,
            prompts
        );
    }

    private static Method Clean(Method method, string? checkpoint, int blocks)
    {
        const int FewestBlocks = 12; // of the published settings
        if (method.Correlation is not null || checkpoint is not null)
            throw new InvalidDataException(
                $"--clean repairs the patches of an ordinary tower, which {method.Name} with a checkpoint or a correlation path has not: "
                    + "leave out the one or the other."
            );
        if (blocks < FewestBlocks)
            throw new InvalidDataException($"--clean needs a tower of {FewestBlocks} blocks or more, this one has {blocks}: leave it out.");
        return method with { Clean = CleanFeatures.For(blocks), Table = TableResize.CubicOffset };
    }
}
