namespace Azure.Messaging.ServiceBus;

/// <summary>How passing failures are tried again.</summary>
public class ServiceBusRetryOptions
{
    /// <summary>How delays grow; exponentially by default.</summary>
    public ServiceBusRetryMode Mode { get; set; } = ServiceBusRetryMode.Exponential;

    /// <summary>Attempts after the first; 3 by default.</summary>
    public int MaxRetries { get; set; } = 3;

    /// <summary>Delay before the second attempt; 0.8 s by default.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromSeconds(0.8);

    /// <summary>The longest delay; 60 s by default.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Time for one attempt; 60 s by default.</summary>
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromSeconds(60);
}

/// <summary>How delays grow.</summary>
public enum ServiceBusRetryMode
{
    /// <summary>Always the same.</summary>
    Fixed = 0,

    /// <summary>Doubled each time.</summary>
    Exponential = 1,
}
