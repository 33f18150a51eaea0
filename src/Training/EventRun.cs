using System.Text.Json.Serialization;
using AaClip.Training.Events;

namespace AaClip.Training;

/// <summary>Inputs, output and options of a training of a temporal head.</summary>
public sealed record EventRun
{
    /// <summary>CLIP weights (ViT-B/16), which never change; null if <see cref="From"/> contains them.</summary>
    public string? Clip { get; init; }

    /// <summary>A checkpoint of VadCLIP whose weights the training begins with; null begins with random ones.</summary>
    public string? From { get; init; }

    /// <summary>Window of the checkpoint at <see cref="From"/>; null for the published one of its number of blocks.</summary>
    public int? FromWindow { get; init; }

    /// <summary>CLIP's vocabulary; null searches the folder of the CLIP weights.</summary>
    public string? Vocabulary { get; init; }

    /// <summary>The labelled recordings: a CSV list, whose events are not needed.</summary>
    public required string List { get; init; }

    /// <summary>"ucf", "xd", or the names of the classes, the first of them "normal".</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Output folder of the checkpoints.</summary>
    public required string Output { get; init; }

    /// <summary>Folder of the features; null for one in <see cref="Output"/>.</summary>
    public string? Cache { get; init; }

    /// <summary>True to resume the training in <see cref="Output"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>Options.</summary>
    public required EventOptions Options { get; init; }
}

/// <summary>Settings that a training folder records when the training starts.</summary>
internal sealed record EventSettings(
    string Clip,
    string? From,
    string List,
    int Recordings,
    string ListSha256,
    IReadOnlyList<string> Classes,
    EventOptions Options
);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(EventSettings))]
internal sealed partial class EventJson : JsonSerializerContext;
