namespace AaClip.LocalHost.Worker;

/// <summary>The worker process ended while it ran a function. How far the function had come is unknown.</summary>
internal sealed class WorkerEndedException(string message) : Exception(message);
