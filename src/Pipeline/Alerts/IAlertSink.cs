namespace AaClip.Pipeline.Alerts;

/// <summary>A receiver of alerts.</summary>
internal interface IAlertSink
{
    /// <summary>Remembered with what it has received; stays the same from version to version.</summary>
    string Name { get; }

    /// <summary>Sends events in their order.</summary>
    /// <param name="accepted">Takes the id of each event as soon as the receiver has it, also when a later one fails.</param>
    Task SendAsync(IReadOnlyList<AlertEvent> events, ICollection<string> accepted, CancellationToken cancellation);
}
