namespace AaClip.Alerts.Tests.Alerts;

/// <summary>Waits for what happens elsewhere; the deadline only ends a hang.</summary>
internal static class Outcome
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static async Task WaitAsync(Func<bool> happened)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Deadline);
        while (!happened())
            await Task.Delay(10, limit.Token);
    }
}
