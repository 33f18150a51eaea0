namespace AaClip.Pipeline.Routing;

/// <summary>A version of config/cameras.json.</summary>
/// <param name="Id">Names it.</param>
/// <param name="At">When it was written.</param>
/// <param name="Who">Name of the person; null where another program wrote the file.</param>
/// <param name="Changes">What it changed in the version before; all of it for the oldest that is kept.</param>
/// <param name="Current">Whether it is in force.</param>
public sealed record ProfileVersion(string Id, DateTimeOffset At, string? Who, IReadOnlyList<ProfileChange> Changes, bool Current);
