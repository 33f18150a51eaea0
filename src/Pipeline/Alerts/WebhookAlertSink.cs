using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using AaClip.Pipeline.Resilience;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// An HTTP address that each event is posted to, one request for each event. The receiver verifies the signature, and ignores ids that it
/// has seen: a request is repeated if its response is lost. 2xx means delivered. 408, 429, 5xx and network errors are retried with
/// back-off; any other status fails at once. Errors name scheme, host and port only: path and query of such addresses often contain a key.
/// </summary>
internal sealed class WebhookAlertSink : IAlertSink, IDisposable
{
    /// <summary>"sha256=" and the HMAC-SHA256 of "{timestamp}.{body}" in hexadecimal digits; the key is the secret in UTF-8.</summary>
    public const string SignatureHeader = "X-AaClip-Signature";

    /// <summary>Time of the request, in seconds since 1970-01-01 UTC.</summary>
    public const string TimestampHeader = "X-AaClip-Timestamp";

    /// <summary>Id of the event.</summary>
    public const string EventHeader = "X-AaClip-Event";

    private readonly Uri _address;
    private readonly string _origin;
    private readonly byte[] _secret;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;
    private readonly SendRetry _retry;

    public WebhookAlertSink(IOptions<AlertOptions> options, TimeProvider time)
    {
        _address = new Uri(options.Value.Webhook);
        _origin = $"{_address.Scheme}://{_address.Authority}";
        _secret = Encoding.UTF8.GetBytes(options.Value.WebhookSecret);
        _time = time;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false, // an event goes to the address that was set, and nowhere else
            UseCookies = false,
            UseProxy = !_address.IsLoopback,
            ConnectTimeout = SendRetry.TryTime,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // follows changes in DNS
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan }; // AlertRaiser limits the time
        string version = typeof(WebhookAlertSink).Assembly.GetName().Version!.ToString(3); // not null: the build sets it
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("AaClip.Functions", version));
        _retry = new SendRetry(time);
    }

    public string Name => "webhook";

    public Task<IReadOnlyList<Reservation>> ReserveAsync(int events, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<Reservation>>([]);

    public async Task SendAsync(
        IReadOnlyList<AlertEvent> events,
        IReadOnlyList<Reservation> places,
        ICollection<string> accepted,
        CancellationToken cancellation
    )
    {
        foreach (AlertEvent alert in events)
        {
            byte[] body = alert.ToJson().ToArray();
            await _retry.RunAsync(token => PostAsync(alert.Envelope.Id, body, token), cancellation);
            accepted.Add(alert.Envelope.Id);
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Returns the value of <see cref="SignatureHeader"/>.</summary>
    internal static string Signature(byte[] secret, string timestamp, byte[] body)
    {
        using IncrementalHash hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hash.AppendData(Encoding.ASCII.GetBytes(timestamp + "."));
        hash.AppendData(body);
        return "sha256=" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private async Task<SendAttempt> PostAsync(string id, byte[] body, CancellationToken cancellation)
    {
        string timestamp = _time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using HttpRequestMessage request = new(HttpMethod.Post, _address)
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(AlertEvent.MediaType) } },
            Headers =
            {
                { SignatureHeader, Signature(_secret, timestamp, body) },
                { TimestampHeader, timestamp },
                { EventHeader, id },
            },
        };
        try
        {
            using HttpResponseMessage answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (answer.IsSuccessStatusCode)
                return new SendAttempt(null);
            TimeSpan? wait = RetryAfter(answer);
            bool transient = answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= (HttpStatusCode)500;
            return new SendAttempt(Refused(id, answer), transient && !(wait > AlertRaiser.SendTime), wait); // too long: a later delivery
        }
        catch (HttpRequestException e)
        {
            string reason = $"The webhook {_origin} could not be reached: {Fault.Text(e)}";
            return new SendAttempt(new HttpRequestException(e.HttpRequestError, reason, e), Transient: true);
        }
    }

    private HttpRequestException Refused(string id, HttpResponseMessage answer)
    {
        int status = (int)answer.StatusCode;
        string advice = status switch
        {
            >= 300 and < 400 => " Redirects are not followed: set Alert__Webhook to the final address.",
            401 or 403 => " Check Alert__WebhookSecret, and the clock of the receiver.",
            _ => "",
        };
        return new HttpRequestException(
            $"The webhook {_origin} answered the alert event '{id}' with status {status} instead of 2xx.{advice}",
            null,
            answer.StatusCode
        );
    }

    private TimeSpan? RetryAfter(HttpResponseMessage answer)
    {
        TimeSpan? wait = answer.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - _time.GetUtcNow(),
            _ => null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}
