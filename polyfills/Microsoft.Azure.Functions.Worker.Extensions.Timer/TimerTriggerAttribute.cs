using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs the function on a schedule.</summary>
public sealed class TimerTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>An NCRONTAB expression of six fields, a TimeSpan, or a %setting%.</summary>
    public TimerTriggerAttribute(string schedule)
    {
        Schedule = schedule;
        UseMonitor = true;
    }

    /// <summary>The expression.</summary>
    public string Schedule { get; private set; }

    /// <summary>Keep the schedule across restarts; on by default.</summary>
    public bool UseMonitor { get; set; }

    /// <summary>Run once when the host starts.</summary>
    public bool RunOnStartup { get; set; }
}
