using Azure.Core;
using Azure.Core.Pipeline;

namespace AaClip.LocalHost.Triggers;

/// <summary>
/// Sets an unlimited time to live on messages that the SDK sends: upload events, outputs of functions, and poison messages. Storage deletes
/// messages after seven days by default, and the SDK's bindings do not change that.
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
