using System.Globalization;
using AaClip.Pipeline.Alerts;

namespace AaClip.EndToEnd.Tests.Soak;

/// <summary>
/// All alert events of a storage account, kept in a file. Checks that no id comes twice and that no change of an alert is missing.
/// </summary>
internal sealed class AlertLog(string file)
{
    private readonly List<(string Event, string Alert, int Sequence, string Type)> _events =
    [
        .. File.Exists(file) ? File.ReadLines(file).Select(line => Read(line.Split('\t'))) : [],
    ];

    public void Add(IReadOnlyCollection<AlertEvent> events)
    {
        var fresh = events.Select(e => (e.Envelope.Id, e.Data.AlertId, e.Data.Sequence, e.Envelope.Type)).ToArray();
        _events.AddRange(fresh);
        File.AppendAllLines(file, fresh.Select(e => FormattableString.Invariant($"{e.Id}\t{e.AlertId}\t{e.Sequence}\t{e.Type}")));
    }

    private static (string, string, int, string) Read(string[] cells) =>
        (cells[0], cells[1], int.Parse(cells[2], CultureInfo.InvariantCulture), cells[3]);

    public void AssertComplete()
    {
        Assert.Equal([], _events.CountBy(e => e.Event).Where(e => e.Value > 1).Select(e => e.Key));
        foreach (var alert in _events.GroupBy(e => e.Alert))
        {
            var changes = alert.OrderBy(e => e.Sequence).ToArray();
            Assert.Equal(Enumerable.Range(1, changes.Length), changes.Select(e => e.Sequence));
            Assert.EndsWith(".opened", changes[0].Type, StringComparison.Ordinal);
        }
    }
}
