namespace Azure.Messaging.ServiceBus;

/// <summary>An operation of Service Bus failed.</summary>
public class ServiceBusException : Exception
{
    /// <summary>An unknown failure.</summary>
    public ServiceBusException()
    {
    }

    /// <summary>A failure of which the caller says whether it may pass.</summary>
    public ServiceBusException(bool isTransient, string message, string entityName = default, ServiceBusFailureReason reason = ServiceBusFailureReason.GeneralError, Exception innerException = default)
        : base(message, innerException)
    {
        IsTransient = isTransient;
        EntityPath = entityName;
        Reason = reason;
    }

    /// <summary>A failure that may pass if its reason may.</summary>
    public ServiceBusException(string message, ServiceBusFailureReason reason, string entityPath = default, Exception innerException = default)
        : this(IsTransientReason(reason), message, entityPath, reason, innerException)
    {
    }

    /// <summary>The failure may pass: trying again may help.</summary>
    public bool IsTransient { get; }

    /// <summary>Why it failed.</summary>
    public ServiceBusFailureReason Reason { get; }

    /// <summary>The queue or topic.</summary>
    public string EntityPath { get; }

    /// <summary>What happened, where and why.</summary>
    public override string Message =>
        string.IsNullOrEmpty(EntityPath) ? $"{base.Message} ({Reason})" : $"{base.Message} ({EntityPath} - {Reason})";

    private static bool IsTransientReason(ServiceBusFailureReason reason) =>
        reason is ServiceBusFailureReason.ServiceBusy or ServiceBusFailureReason.ServiceTimeout or ServiceBusFailureReason.ServiceCommunicationProblem;
}
