using System.Globalization;

namespace AaClip.Evaluation.Events;

/// <summary>
/// A list of labelled recordings, as CSV: a line "path,labels,events" for each, and that line itself as the first. Labels are joined by
/// "|", events by ";". An event is "first-end" in frames from 0, without the end, and ":label" if the recording has several labels:
/// <code>
/// path,labels,events
/// corridor1.npy,normal,
/// press/0012,jam,160-320
/// gate.npy,fighting|riot,160-320:fighting;600-720:riot
/// </code>
/// </summary>
public static class RecordingList
{
    private const string Header = "path,labels,events";

    /// <summary>Reads a list. Paths are relative to its folder.</summary>
    /// <param name="classes">The classes that labels can have, the normal one first.</param>
    /// <exception cref="InvalidDataException">A line cannot be read; the message names it.</exception>
    public static IReadOnlyList<Recording> Read(string path, IReadOnlyList<string> classes)
    {
        string[] lines = File.ReadAllLines(path);
        if (lines.Length == 0 || lines[0].Replace(" ", "", StringComparison.Ordinal) != Header)
            throw new InvalidDataException($"'{path}' does not begin with the line '{Header}': add it, and a line for each recording.");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        List<Recording> recordings = [];
        for (int i = 1; i < lines.Length; i++)
            if (lines[i].Trim().Length > 0)
                recordings.Add(ReadLine(lines[i], folder, classes, string.Create(CultureInfo.InvariantCulture, $"'{path}', line {i + 1}")));
        return recordings.Count > 0 ? recordings : throw new InvalidDataException($"'{path}' lists no recording: add a line for each.");
    }

    private static Recording ReadLine(string line, string folder, IReadOnlyList<string> classes, string where)
    {
        string[] cells = line.Split(',', StringSplitOptions.TrimEntries);
        if (cells.Length is not (2 or 3) || cells[0].Length == 0)
            throw new InvalidDataException($"{where}: '{line}' has {cells.Length} parts, expected '{Header}'; a path has no comma.");
        string recording = Path.GetFullPath(Path.Combine(folder, cells[0]));
        if (!Path.Exists(recording))
            throw new InvalidDataException($"{where}: there is neither a file nor a folder '{recording}'.");
        string[] labels = [.. cells[1].Split('|', StringSplitOptions.TrimEntries).Select(l => Label(l, classes, where)).Distinct()];
        if (labels.Length > 1 && labels.Contains(classes[0]))
            throw new InvalidDataException($"{where}: a recording is '{classes[0]}' or has other labels, not both.");
        LabelledEvent[] events =
        [
            .. (cells.Length == 3 ? cells[2] : "")
                .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(e => Event(e, labels, classes, where)),
        ];
        if (events.Length > 0 && labels[0] == classes[0])
            throw new InvalidDataException($"{where}: a '{classes[0]}' recording has no events.");
        return new Recording(recording, labels, events);
    }

    private static string Label(string text, IReadOnlyList<string> classes, string where) =>
        classes.FirstOrDefault(c => c.Equals(text, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidDataException($"{where}: '{text}' is none of the classes {string.Join(", ", classes)}.");

    private static LabelledEvent Event(string text, string[] labels, IReadOnlyList<string> classes, string where)
    {
        string[] parts = text.Split(':', 2, StringSplitOptions.TrimEntries);
        string[] bounds = parts[0].Split('-', StringSplitOptions.TrimEntries);
        if (
            bounds.Length != 2
            || !int.TryParse(bounds[0], NumberStyles.None, CultureInfo.InvariantCulture, out int from)
            || !int.TryParse(bounds[1], NumberStyles.None, CultureInfo.InvariantCulture, out int to)
            || to <= from
        )
            throw new InvalidDataException($"{where}: the event '{text}' is not 'first-end' in frames, with the end after the first.");
        string label =
            parts.Length == 2 ? Label(parts[1], classes, where)
            : labels.Length == 1 ? labels[0]
            : throw new InvalidDataException($"{where}: the event '{text}' needs ':label', for the recording has several labels.");
        return labels.Contains(label)
            ? new LabelledEvent(from, to, label)
            : throw new InvalidDataException($"{where}: the event '{text}' has a label that the recording does not have.");
    }
}
