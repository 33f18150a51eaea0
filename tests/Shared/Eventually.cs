namespace AaClip.Tests;

/// <summary>Waits for what happens elsewhere; the deadline only ends a hang.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    public static Task HappensAsync(Func<bool> happened) => HappensAsync(() => Task.FromResult(happened()));

    public static async Task HappensAsync(Func<Task<bool>> happened)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Deadline);
        while (!await happened())
            await Task.Delay(10, limit.Token);
    }
}
