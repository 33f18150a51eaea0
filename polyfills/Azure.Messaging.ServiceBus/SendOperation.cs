using System.Net;
using System.Net.Http.Headers;

namespace Azure.Messaging.ServiceBus;

/// <summary>POST https://NAMESPACE/ENTITY/messages, tried again while failures may pass.</summary>
internal sealed class SendOperation : IDisposable
{
    private const string BatchType = "application/vnd.microsoft.servicebus.json";

    // A property of such a name would change the request itself: the message then goes as a batch of one.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "BrokerProperties", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Cookie", "Date", "Expect",
        "Host", "Keep-Alive", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly Uri _endpoint;
    private readonly Func<Uri, CancellationToken, ValueTask<string>> _authorize;
    private readonly ServiceBusRetryOptions _retry;

    public SendOperation(Uri endpoint, Func<Uri, CancellationToken, ValueTask<string>> authorize, ServiceBusRetryOptions retry)
    {
        _endpoint = endpoint;
        _authorize = authorize;
        _retry = retry;
    }

    public async Task SendAsync(string entity, IReadOnlyList<ServiceBusMessage> messages, CancellationToken cancellation)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await TryAsync(entity, messages, cancellation).ConfigureAwait(false);
                return;
            }
            catch (ServiceBusException failure) when (failure.IsTransient && attempt < _retry.MaxRetries)
            {
                await Task.Delay(Delay(attempt), cancellation).ConfigureAwait(false);
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private TimeSpan Delay(int attempt)
    {
        double factor = _retry.Mode == ServiceBusRetryMode.Exponential ? Math.Pow(2, attempt) : 1;
        return TimeSpan.FromMilliseconds(Math.Min(_retry.Delay.TotalMilliseconds * factor, _retry.MaxDelay.TotalMilliseconds));
    }

    private async Task TryAsync(string entity, IReadOnlyList<ServiceBusMessage> messages, CancellationToken cancellation)
    {
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(_retry.TryTimeout);
        try
        {
            using HttpRequestMessage request = await RequestAsync(entity, messages, timeout.Token).ConfigureAwait(false);
            using HttpResponseMessage response = await _http.SendAsync(request, timeout.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw Failure(entity, response.StatusCode, await response.Content.ReadAsStringAsync(timeout.Token).ConfigureAwait(false));
        }
        catch (HttpRequestException unreachable)
        {
            throw new ServiceBusException($"'{_endpoint.Host}' cannot be reached: {unreachable.Message}", ServiceBusFailureReason.ServiceCommunicationProblem, entity, unreachable);
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new ServiceBusException($"'{_endpoint.Host}' did not answer within {_retry.TryTimeout}.", ServiceBusFailureReason.ServiceTimeout, entity, late);
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(string entity, IReadOnlyList<ServiceBusMessage> messages, CancellationToken cancellation)
    {
        Uri resource = new(_endpoint, entity);
        HttpRequestMessage request = new(HttpMethod.Post, new Uri(_endpoint, entity + "/messages"));
        request.Headers.TryAddWithoutValidation("Authorization", await _authorize(resource, cancellation).ConfigureAwait(false));
        if (messages.Count == 1 && messages[0].ApplicationProperties.Keys.All(FitsHeader))
        {
            FillSingle(request, messages[0]);
            return request;
        }

        request.Content = new ReadOnlyMemoryContent(MessageJson.Write(messages));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(BatchType);
        return request;
    }

    private static void FillSingle(HttpRequestMessage request, ServiceBusMessage message)
    {
        request.Content = new ByteArrayContent(message.Body.ToArray());
        if (message.ContentType is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", message.ContentType);
        request.Headers.TryAddWithoutValidation("BrokerProperties", MessageJson.BrokerProperties(message));
        foreach ((string name, object value) in message.ApplicationProperties)
            request.Headers.TryAddWithoutValidation(name, MessageJson.Value(name, value));
    }

    private static bool FitsHeader(string name) =>
        !Reserved.Contains(name) && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');

    private static Exception Failure(string entity, HttpStatusCode status, string body)
    {
        string text = $"Service Bus answered {(int)status} {status}: {(body.Length <= 500 ? body : body[..500])}".TrimEnd(' ', ':');
        return (int)status switch
        {
            401 => new UnauthorizedAccessException($"{text} Sending to '{entity}' needs a key with the Send right or the role 'Azure Service Bus Data Sender'."),
            403 => new ServiceBusException(text, ServiceBusFailureReason.QuotaExceeded, entity),
            404 or 410 => new ServiceBusException(text, ServiceBusFailureReason.MessagingEntityNotFound, entity),
            408 or 504 => new ServiceBusException(text, ServiceBusFailureReason.ServiceTimeout, entity),
            413 => new ServiceBusException(text, ServiceBusFailureReason.MessageSizeExceeded, entity),
            429 or 503 => new ServiceBusException(text, ServiceBusFailureReason.ServiceBusy, entity),
            >= 500 => new ServiceBusException(true, text, entity),
            _ => new ServiceBusException(text, ServiceBusFailureReason.GeneralError, entity),
        };
    }
}
