using AaClip.Pipeline.Routing;
using Azure;

namespace AaClip.Review.Api;

/// <summary>
/// What every request passes: who asks, headers that keep the page to its own origin, and for what changes something the own origin and
/// JSON. Errors become problem+json (RFC 9457).
/// </summary>
internal sealed partial class Gate(RequestDelegate next, IIdentity identity, ILogger<Gate> logger)
{
    private const string Who = "who";
    private const string Unknown = "Nothing was changed as far as is known: load the page again; the log has the details.";

    /// <summary>Who sent the request.</summary>
    public static string WhoOf(HttpContext context) => (string)context.Items[Who]!; // not null: set before any route runs

    public async Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy =
            "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
            + "form-action 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache"; // routes of what never changes say so
        if (identity.NameOf(request) is not { } who)
        {
            await Problem(401, "Nobody is signed in.", "Sign in, then load the page again.").ExecuteAsync(context);
            return;
        }

        context.Items[Who] = who;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && Fault(request) is { } fault)
        {
            await Problem(403, "The request is refused.", fault).ExecuteAsync(context);
            return;
        }

        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The page does not wait any more.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            (int status, string title, string text) = AnswerTo(e);
            if (status >= 500)
                Log.Failed(logger, e, request.Method, request.Path);
            await Problem(status, title, text).ExecuteAsync(context);
        }
    }

    /// <summary>An answer that says what is wrong.</summary>
    public static IResult Problem(int status, string title, string detail) => Results.Problem(detail, null, status, title);

    private static string? Fault(HttpRequest request)
    {
        if (!request.HasJsonContentType())
            return $"Its content type is '{request.ContentType}', expected application/json.";
        // Browsers send it with everything but GET and HEAD; other programs leave it out.
        string origin = request.Headers.Origin.ToString();
        return
            origin.Length == 0
            || Uri.TryCreate(origin, UriKind.Absolute, out Uri? page)
                && page.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase)
            ? null
            : $"It comes from a page of {origin}: only pages of {request.Host} may change anything.";
    }

    private static (int Status, string Title, string Text) AnswerTo(Exception e)
    {
        string own = e.Message.Split(" (Parameter", 2)[0];
        return e switch
        {
            StaleProfilesException => (412, "Somebody else was faster.", own),
            BadHttpRequestException bad => (bad.StatusCode, "The request cannot be read.", bad.InnerException?.Message ?? own),
            ArgumentException or InvalidDataException => (400, "The request has a fault.", own),
            KeyNotFoundException => (404, "Not found.", own),
            RequestFailedException { Status: 404 } => (
                404,
                "Not found.",
                "Storage does not have it: it was deleted, or its month was dropped."
            ),
            RequestFailedException { Status: 400 or 413 } bad => (
                400,
                "The request has a fault.",
                $"Storage does not take it: {bad.ErrorCode}."
            ),
            RequestFailedException { ErrorCode: "BlobArchived" } => (
                404,
                "The image is in the archive.",
                "Bring it back to the hot or cool tier first."
            ),
            RequestFailedException storage => (
                storage.Status == 403 ? 502 : 503,
                storage.Status == 403 ? "Storage refuses the page." : "Storage does not answer.",
                $"Storage answered {storage.Status} {storage.ErrorCode}: try again, then see the log."
            ),
            AggregateException => (503, "Storage does not answer.", "Storage does not answer: try again in a moment."),
            IOException => (503, "Storage does not answer.", own),
            TimeoutException => (503, "Storage does not answer.", Unknown),
            _ => (500, "The page has a fault.", Unknown),
        };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed.")]
        public static partial void Failed(ILogger logger, Exception cause, string method, string path);
    }
}
