using System.Text.Json;
using System.Xml;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace AaClip.Pipeline.Storage;

/// <summary>
/// Accepts only complete responses of storage. A proxy, gateway or captive portal on the way may send its own page, or half of a listing,
/// with a success status. The storage library would then throw an XmlException, or read the page's 404 as a missing blob. This policy
/// throws an <see cref="IOException"/> instead: the library's retry policy repeats the request, and callers handle it like a broken
/// connection. Add it at <see cref="HttpPipelinePosition.PerRetry"/>.
/// </summary>
public sealed class WholeAnswerPolicy : HttpPipelinePolicy
{
    private const int NoContent = 204,
        ServerError = 500,
        Timeout = 408,
        TooManyRequests = 429; // these statuses are retried by the library anyway

    // Both services, and Azurite, send both headers in every response (learn.microsoft.com, "Common REST API response headers").
    private static readonly string[] OfStorage = ["x-ms-request-id", "x-ms-version"];

    private static readonly XmlReaderSettings Settings = new() { CloseInput = false };

    /// <inheritdoc/>
    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        await ProcessNextAsync(message, pipeline);
        if (message.Response is { Status: >= 400, ContentStream: { CanSeek: false } streamed } failed)
        {
            MemoryStream whole = new();
            await streamed.CopyToAsync(whole, message.CancellationToken);
            Replace(failed, streamed, whole);
        }

        Check(message);
    }

    /// <inheritdoc/>
    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        ProcessNext(message, pipeline);
        if (message.Response is { Status: >= 400, ContentStream: { CanSeek: false } streamed } failed)
        {
            MemoryStream whole = new();
            streamed.CopyTo(whole);
            Replace(failed, streamed, whole);
        }

        Check(message);
    }

    // For a streamed download, the library reads the body of an error response later, outside of its retries.
    private static void Replace(Response failed, Stream streamed, MemoryStream whole)
    {
        streamed.Dispose();
        whole.Position = 0;
        failed.ContentStream = whole;
    }

    private static void Check(HttpMessage message)
    {
        Response response = message.Response;
        if (response.Status is >= ServerError or Timeout or TooManyRequests)
            return;
        if (!OfStorage.Any(header => response.Headers.Contains(header)))
            throw new IOException(
                $"{Place(message)} got a response that is not from storage: status {response.Status}, content type "
                    + $"'{response.Headers.ContentType}'."
            );
        if (response.Status is >= 200 and < 300 && message.BufferResponse && WhyNotWhole(message) is { } reason)
            throw new IOException($"{Place(message)} got a response with incomplete content: {reason}");
    }

    // Responses that the library buffers are XML, from tables JSON, and for a transaction parts with a boundary; blobs are streamed.
    private static string? WhyNotWhole(HttpMessage message)
    {
        if (message.Response.ContentStream is not { CanSeek: true, Length: > 0 } content)
            return message.Response.Status != NoContent && ExpectsContent(message.Request) ? "it is empty." : null;
        string type = message.Response.Headers.ContentType ?? "";
        try
        {
            if (type.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
                return IsClosed(content, type) ? null : "it ends before its last boundary.";
            if (type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase))
            {
                using JsonDocument json = JsonDocument.Parse(content);
                return null;
            }

            using XmlReader xml = XmlReader.Create(content, Settings);
            while (xml.Read()) { }

            return null;
        }
        catch (Exception e) when (e is XmlException or JsonException)
        {
            return e.Message;
        }
        finally
        {
            content.Position = 0;
        }
    }

    // The last part is followed by "--", the boundary and "--" (RFC 2046, 5.1.1).
    private static bool IsClosed(Stream content, string type)
    {
        const string parameter = "boundary=";
        int at = type.IndexOf(parameter, StringComparison.OrdinalIgnoreCase);
        string boundary = at < 0 ? "" : type[(at + parameter.Length)..].Split(';')[0].Trim().Trim('"');
        using StreamReader reader = new(content, leaveOpen: true);
        return boundary.Length > 0 && reader.ReadToEnd().TrimEnd().EndsWith($"--{boundary}--", StringComparison.Ordinal);
    }

    // The properties of a container or a queue are sent in headers, without a body.
    private static bool ExpectsContent(Request request) =>
        request.Method == RequestMethod.Post
        || (request.Method == RequestMethod.Get && request.Uri.Query.Contains("comp=list", StringComparison.Ordinal))
        || (request.Method == RequestMethod.Get && request.Uri.Path.EndsWith("/messages", StringComparison.Ordinal));

    // Without the query, which may hold a SAS signature.
    private static string Place(HttpMessage message) =>
        $"{message.Request.Method} {message.Request.Uri.ToUri().GetLeftPart(UriPartial.Path)}";
}
