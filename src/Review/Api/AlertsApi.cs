using AaClip.Pipeline.Alerts;

namespace AaClip.Review.Api;

/// <summary>Open alerts, and people's decisions on them. The workers tell the receivers.</summary>
internal static class AlertsApi
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/alerts", ListAsync);
        api.MapPost(
            "/alerts/acknowledge",
            (Decision d, HttpContext c, AlertDesk a, TimeProvider t, CancellationToken n) =>
                DecideAsync(d, c, t, (mark, token) => a.AcknowledgeAsync(d.Camera, d.AlertId, mark, token), noteNeeded: false, n)
        );
        api.MapPost(
            "/alerts/close",
            (Decision d, HttpContext c, AlertDesk a, TimeProvider t, CancellationToken n) =>
                DecideAsync(d, c, t, (mark, token) => a.CloseAsync(d.Camera, d.AlertId, mark, token), noteNeeded: true, n)
        );
    }

    private static async Task<object> ListAsync(AlertDesk alerts, CancellationToken cancellation) =>
        new { Alerts = await alerts.OpenAsync(cancellation) };

    private static async Task<CameraAlert> DecideAsync(
        Decision decision,
        HttpContext context,
        TimeProvider time,
        Func<AlertMark, CancellationToken, Task<CameraAlert?>> decide,
        bool noteNeeded,
        CancellationToken cancellation
    )
    {
        if (noteNeeded && string.IsNullOrWhiteSpace(decision.Note))
            throw new ArgumentException("The note is missing: say why the alert is closed.");
        if (decision.Note?.Length > AlertMark.MaxNote)
            throw new ArgumentException($"The note has {decision.Note.Length} characters, expected at most {AlertMark.MaxNote}.");
        return await decide(new AlertMark(Gate.WhoOf(context), decision.Note, time.GetUtcNow()), cancellation)
            ?? throw new KeyNotFoundException($"Camera '{decision.Camera}' has no such open alert: it may have closed meanwhile.");
    }

    private sealed record Decision(string Camera, string AlertId, string? Note = null);
}
