using Azure.Core;
using Azure.Core.Pipeline;

namespace AaClip.Pipeline.Tests.Results.Counts;

/// <summary>Sends requests to real storage, and does something before each.</summary>
internal sealed class HookedTransport(Func<Request, Task> before) : HttpPipelineTransport
{
    private static readonly HttpClientTransport Real = new();

    public override Request CreateRequest() => Real.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException("The pipeline is asynchronous throughout.");

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        await before(message.Request);
        await Real.ProcessAsync(message);
    }
}
