using AaClip.Pipeline.Alerts;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>A receiver that keeps what it gets, and fails when told to.</summary>
internal sealed class MemorySink(string name, Func<AlertEvent, bool>? refuses = null) : IAlertSink
{
    private readonly Lock _lock = new();
    private readonly List<AlertEvent> _received = [];

    public string Name => name;

    /// <summary>In the order of their arrival.</summary>
    public List<AlertEvent> Events
    {
        get
        {
            lock (_lock)
                return [.. _received];
        }
    }

    /// <summary>Their ids.</summary>
    public List<string> Received => [.. Events.Select(e => e.Envelope.Id)];

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
                _received.Add(alert);
            accepted.Add(alert.Envelope.Id);
        }

        return Task.CompletedTask;
    }
}
