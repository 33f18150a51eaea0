using AaClip.Tests;
using Azure.Core;
using Azure.Core.Pipeline;

namespace AaClip.Pipeline.Tests.Events;

/// <summary>
/// Stops what a worker does at a write to storage, before it or after it, as a kill does: from then on none of its requests for that
/// message goes through. Of another message it knows nothing.
/// </summary>
/// <param name="choose">For each write: null to let it through, false to stop before it, true to stop after it.</param>
internal sealed class KilledWorker(Func<bool?> choose) : HttpPipelineTransport
{
    private static readonly HttpClientTransport Real = new();
    private static readonly AsyncLocal<StrongBox?> Killed = new();

    /// <summary>Kills so far.</summary>
    public int Kills { get; private set; }

    /// <summary>Runs the work of one message, whose storage clients have such a transport.</summary>
    /// <returns>Whether it was killed.</returns>
    public static async Task<bool> RunAsync(Func<Task> work)
    {
        StrongBox killed = new();
        Killed.Value = killed;
        try
        {
            await work();
        }
        catch (Exception) when (killed.Value)
        {
            // what a killed process throws, nobody sees
        }

        return killed.Value;
    }

    public override Request CreateRequest() => Real.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException("The pipeline is asynchronous throughout.");

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        StrongBox? killed = Killed.Value;
        bool? stop =
            killed is { Value: false } && (message.Request.Method == RequestMethod.Put || message.Request.Method == RequestMethod.Post)
                ? choose()
                : null;
        if (killed?.Value == true || stop == false)
            throw Kill();
        await Real.ProcessAsync(message);
        if (stop == true)
            throw Kill();

        InvalidOperationException Kill()
        {
            if (!killed!.Value) // not null: only messages are killed
                Kills++;
            killed.Value = true;
            return new InvalidOperationException("The worker was killed.");
        }
    }

    private sealed class StrongBox
    {
        public bool Value { get; set; }
    }
}
