using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>
/// The rules as a person would apply them to a pile of photographs: everything is kept, sorted and looked through again at each image.
/// </summary>
internal sealed class SlowAlerts(AlertRule rule)
{
    private readonly List<Scored> _arrived = [];
    private (string Id, double Worst, string Severity)? _open;
    private (DateTimeOffset At, double Worst)? _closed;

    /// <summary>"opened minor 0af7…", "closed …".</summary>
    public List<string> Events { get; } = [];

    public void Take(Scored image)
    {
        if (
            image.Verdict == Verdict.Failed
            || image.Job is not null
            || _arrived.Any(known => known.Image == image.Image && known.ETag == image.ETag)
        )
            return;
        _arrived.Add(image);
        List<Scored> inOrder = [.. _arrived.OrderBy(i => i.ImageTime)]; // a stable sort

        if (Severity(image) is { } severity && rule.Enabled)
        {
            if (_open is { } open)
            {
                if (Rank(severity) > Rank(open.Severity))
                {
                    Events.Add($"updated {severity} {open.Id}");
                    open.Severity = severity;
                }

                _open = (open.Id, Math.Max(open.Worst, image.Calibrated), open.Severity);
            }
            else if (
                Windows(inOrder).FirstOrDefault(w => w.Contains(image) && w.Count(i => Severity(i) is not null) >= rule.Confirm.N)
                    is { } window
                && !Calm(image)
            )
            {
                // Pictures are kept of the newest M images and of the one at hand only.
                Scored worst = window
                    .Where(i => Severity(i) is not null && (i == image || HasPicture(inOrder, i, image)))
                    .MaxBy(i => i.Calibrated)!;
                _open = ($"{image.Image}", worst.Calibrated, Severity(worst)!);
                Events.Add($"opened {Severity(worst)} {image.Image}");
            }
        }

        if (
            _open is { } alert
            && (
                !rule.Enabled
                || inOrder.Count >= rule.CloseAfterNormal && inOrder.TakeLast(rule.CloseAfterNormal).All(i => i.Verdict == Verdict.Normal)
            )
        )
        {
            Events.Add($"closed {alert.Severity} {alert.Id}");
            _closed = (inOrder[^1].ImageTime, alert.Worst);
            _open = null;
        }
    }

    private IEnumerable<List<Scored>> Windows(List<Scored> inOrder) =>
        Enumerable.Range(0, inOrder.Count).Select(first => inOrder.Skip(first).Take(rule.Confirm.M).ToList());

    // An image loses its picture when it is not among the newest M at any arrival since.
    private bool HasPicture(List<Scored> inOrder, Scored image, Scored atHand)
    {
        List<Scored> before = inOrder.FindAll(i => i != atHand);
        return before.TakeLast(rule.Confirm.M).Contains(image);
    }

    private bool Calm(Scored image) =>
        _closed is { } closed
        && image.ImageTime < closed.At.AddSeconds(rule.CoolDownSeconds)
        && Rank(Severity(image)) <= Rank(Name(closed.Worst));

    private string? Severity(Scored image) => image.Verdict == Verdict.Anomalous ? Name(image.Calibrated) : null;

    private string? Name(double calibrated) => rule.SeverityBands.LastOrDefault(band => calibrated >= band.MinCalibrated)?.Name;

    private int Rank(string? severity) => rule.SeverityBands.Select(band => band.Name).ToList().IndexOf(severity!);
}
