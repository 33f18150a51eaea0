namespace AaClip.LocalHost.Worker;

/// <summary>The worker process ended while it ran a function: nothing is known of how far the function came.</summary>
internal sealed class WorkerEndedException(string message) : Exception(message);
