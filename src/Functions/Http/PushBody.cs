using System.Text;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Scoring;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace AaClip.Functions;

/// <summary>
/// Reads the image of a request: its body (image/* or application/octet-stream), or the one file of a multipart/form-data body, which can
/// have a field "part". The Content-Length header is not trusted.
/// </summary>
internal static class PushBody
{
    private const int LongestBoundary = 70; // RFC 2046, section 5.1.1
    private const int Envelope = 64 * 1024; // of a multipart body, beside the file

    /// <param name="maxBytes">Most bytes of the image.</param>
    /// <exception cref="RefusedException">Status 400, 413 or 415; the message says what to send.</exception>
    public static async Task<PushedImage> ReadAsync(HttpRequest request, long maxBytes, CancellationToken cancellation)
    {
        if (
            !MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            || !(IsImage(type) || type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        )
            throw new RefusedException(
                StatusCodes.Status415UnsupportedMediaType,
                $"The content type is '{request.ContentType}', expected image/jpeg or another image, application/octet-stream or "
                    + "multipart/form-data."
            );
        bool alone = IsImage(type);
        if (request.ContentLength > (alone ? maxBytes : maxBytes + Envelope))
            throw TooLarge(maxBytes);
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = maxBytes + Envelope; // the web server's own limit is lower

        PushedImage image;
        try
        {
            image = alone
                ? new PushedImage(await BytesAsync(request.Body, maxBytes, cancellation))
                : await FormAsync(request, type, maxBytes, cancellation);
        }
        catch (BadHttpRequestException e) // the web server's own reason, such as a body that is cut off
        {
            throw new RefusedException(e.StatusCode, e.Message);
        }
        catch (Exception e) when (!alone && e is IOException or InvalidDataException)
        {
            throw Bad($"The multipart body cannot be read: {e.Message}");
        }

        return image.Content.IsEmpty ? throw Bad("There is no image: the body, or the file in it, is empty.") : image;
    }

    /// <summary>Checks a part that a caller sent.</summary>
    /// <returns>Null for an empty one.</returns>
    /// <exception cref="RefusedException">It is not valid.</exception>
    public static string? Part(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null
        : PartName.Fault(text.Trim()) is { } fault ? throw Bad($"part is not valid: {fault}.")
        : text.Trim();

    private static bool IsImage(MediaTypeHeaderValue type) =>
        type.Type.Equals("image", StringComparison.OrdinalIgnoreCase)
        || type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase);

    private static async Task<PushedImage> FormAsync(
        HttpRequest request,
        MediaTypeHeaderValue type,
        long maxBytes,
        CancellationToken cancellation
    )
    {
        string? boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        if (boundary is not { Length: > 0 and <= LongestBoundary })
            throw Bad($"The content type has no boundary of 1 to {LongestBoundary} characters.");
        MultipartReader reader = new(boundary, request.Body);
        ReadOnlyMemory<byte>? file = null;
        string? part = null;
        while (await reader.ReadNextSectionAsync(cancellation) is { } section)
        {
            ContentDispositionHeaderValue? disposition = section.GetContentDispositionHeader();
            if (disposition?.IsFileDisposition() == true)
                file = file is null
                    ? await BytesAsync(section.Body, maxBytes, cancellation)
                    : throw Bad("The form has more than one file: send one image in each request.");
            else if (disposition?.IsFormDisposition() == true && HeaderUtilities.RemoveQuotes(disposition.Name).Value == "part")
                part = Part(await TextAsync(section.Body, cancellation));
            else
                throw Bad($"The form has a field '{disposition?.Name}', expected one file and, optionally, the field part.");
        }

        return new PushedImage(file ?? throw Bad("The form has no file: send the image as a file, as 'curl -F image=@a.jpg' does."), part);
    }

    private static async Task<string> TextAsync(Stream body, CancellationToken cancellation)
    {
        byte[] text = new byte[4 * PartName.MaxLength + 1]; // UTF-8; longer ones are not valid either
        int length = await body.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, cancellation);
        return Encoding.UTF8.GetString(text, 0, length);
    }

    private static async Task<ReadOnlyMemory<byte>> BytesAsync(Stream body, long maxBytes, CancellationToken cancellation)
    {
        MemoryStream content = new();
        byte[] block = new byte[81_920];
        int read;
        while ((read = await body.ReadAsync(block, cancellation)) > 0)
        {
            if (content.Length + read > maxBytes)
                throw TooLarge(maxBytes);
            content.Write(block, 0, read);
        }

        return content.GetBuffer().AsMemory(0, (int)content.Length); // at most the length of an array, by the limit
    }

    private static RefusedException TooLarge(long maxBytes) =>
        new(StatusCodes.Status413PayloadTooLarge, $"The image has more than {maxBytes} bytes: compress it or raise Limits__MaxBytes.");

    private static RefusedException Bad(string message) => new(StatusCodes.Status400BadRequest, message);
}
