namespace Azure.Messaging.ServiceBus;

/// <summary>Why an operation failed.</summary>
public enum ServiceBusFailureReason
{
    /// <summary>None of the others.</summary>
    GeneralError = 0,

    /// <summary>There is no such queue or topic.</summary>
    MessagingEntityNotFound = 1,

    /// <summary>The lock on a received message is lost.</summary>
    MessageLockLost = 2,

    /// <summary>There is no such message.</summary>
    MessageNotFound = 3,

    /// <summary>A message or batch is too large.</summary>
    MessageSizeExceeded = 4,

    /// <summary>The queue or topic is switched off.</summary>
    MessagingEntityDisabled = 5,

    /// <summary>The queue or topic is full.</summary>
    QuotaExceeded = 6,

    /// <summary>The service asks for a pause.</summary>
    ServiceBusy = 7,

    /// <summary>The service did not answer in time.</summary>
    ServiceTimeout = 8,

    /// <summary>The service cannot be reached.</summary>
    ServiceCommunicationProblem = 9,

    /// <summary>The session is locked by another receiver.</summary>
    SessionCannotBeLocked = 10,

    /// <summary>The lock on a session is lost.</summary>
    SessionLockLost = 11,

    /// <summary>The queue or topic exists already.</summary>
    MessagingEntityAlreadyExists = 12,
}
