namespace AaClip.Pipeline.Alerts;

/// <summary>A receiver of alerts.</summary>
internal interface IAlertSink
{
    /// <summary>Name of the receiver. It is stored with delivered changes, so it must not change between versions.</summary>
    string Name { get; }

    /// <summary>
    /// Adds hidden placeholder messages for events, if the receiver does not detect duplicates. They are stored before an event is sent, so
    /// that a retry after a crash fills the same placeholder.
    /// </summary>
    /// <returns>One placeholder for each event, in order; none if the receiver detects duplicates itself.</returns>
    Task<IReadOnlyList<Reservation>> ReserveAsync(int events, CancellationToken cancellation);

    /// <summary>Sends events in their order.</summary>
    /// <param name="places">The placeholders of <see cref="ReserveAsync"/>: one for each event, or none.</param>
    /// <param name="accepted">Gets the id of each event as soon as the receiver has it, also if a later event fails.</param>
    Task SendAsync(
        IReadOnlyList<AlertEvent> events,
        IReadOnlyList<Reservation> places,
        ICollection<string> accepted,
        CancellationToken cancellation
    );
}
