using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace AaClip.Tests.ServiceBus;

/// <summary>The claims-based security node "$cbs": takes every token.</summary>
internal sealed class PeerTokens : IRequestProcessor
{
    public int Credit => 10;

    public void Process(RequestContext requestContext) =>
        requestContext.Complete(
            new Message
            {
                ApplicationProperties = new ApplicationProperties { Map = { ["status-code"] = 202, ["status-description"] = "Accepted" } },
            }
        );
}
