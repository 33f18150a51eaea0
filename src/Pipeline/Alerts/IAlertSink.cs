namespace AaClip.Pipeline.Alerts;

/// <summary>A receiver of alerts.</summary>
internal interface IAlertSink
{
    /// <summary>Remembered with what it has received; stays the same from version to version.</summary>
    string Name { get; }

    /// <summary>
    /// Makes hidden places for events, where the receiver cannot tell a second delivery from the first. They are stored before anything is
    /// sent, so that whoever sends again after a crash fills the same place.
    /// </summary>
    /// <returns>A place for each event, in order; or none, when the receiver drops what comes twice by itself.</returns>
    Task<IReadOnlyList<Reservation>> ReserveAsync(int events, CancellationToken cancellation);

    /// <summary>Sends events in their order.</summary>
    /// <param name="places">As <see cref="ReserveAsync"/> made them: one for each event, or none.</param>
    /// <param name="accepted">Takes the id of each event as soon as the receiver has it, also when a later one fails.</param>
    Task SendAsync(
        IReadOnlyList<AlertEvent> events,
        IReadOnlyList<Reservation> places,
        ICollection<string> accepted,
        CancellationToken cancellation
    );
}
