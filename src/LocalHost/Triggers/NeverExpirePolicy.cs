using Azure.Core;
using Azure.Core.Pipeline;

namespace AaClip.LocalHost.Triggers;

/// <summary>
/// Lets messages that the SDK sends live until they are taken: events of uploads, outputs of functions, and what is given up on. Storage
/// deletes a message after seven days unless it is told otherwise, and the SDK's bindings do not tell it.
/// </summary>
internal sealed class NeverExpirePolicy : HttpPipelineSynchronousPolicy
{
    private const string Parameter = "messagettl";

    public override void OnSendingRequest(HttpMessage message)
    {
        Request request = message.Request;
        if (
            request.Method == RequestMethod.Post
            && request.Uri.Path.EndsWith("/messages", StringComparison.Ordinal)
            && !request.Uri.Query.Contains(Parameter, StringComparison.Ordinal)
        )
            request.Uri.AppendQuery(Parameter, "-1");
    }
}
