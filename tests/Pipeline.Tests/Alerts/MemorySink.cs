using AaClip.Pipeline.Alerts;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>A receiver that keeps what it gets, and fails when told to.</summary>
internal sealed class MemorySink(string name, Func<AlertEvent, bool>? refuses = null) : IAlertSink
{
    private readonly Lock _lock = new();
    private readonly List<string> _received = [];

    public string Name => name;

    /// <summary>Ids in the order of their arrival.</summary>
    public List<string> Received
    {
        get
        {
            lock (_lock)
                return [.. _received];
        }
    }

    public Task<IReadOnlyList<Reservation>> ReserveAsync(int events, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<Reservation>>([]);

    public Task SendAsync(
        IReadOnlyList<AlertEvent> events,
        IReadOnlyList<Reservation> places,
        ICollection<string> accepted,
        CancellationToken cancellation
    )
    {
        foreach (AlertEvent alert in events)
        {
            if (refuses?.Invoke(alert) == true)
                throw new IOException($"{name} is away.");
            lock (_lock)
                _received.Add(alert.Envelope.Id);
            accepted.Add(alert.Envelope.Id);
        }

        return Task.CompletedTask;
    }
}
