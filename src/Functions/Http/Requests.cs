using Microsoft.AspNetCore.Http;

namespace AaClip.Functions;

/// <summary>Reads requests of the HTTP functions.</summary>
internal static class Requests
{
    private static readonly string[] OfTheKey = ["code", "clientId"]; // the function key and its name

    /// <summary>Reads a body. The Content-Length header is not trusted.</summary>
    /// <returns>Null if it has more bytes than are allowed.</returns>
    public static async Task<byte[]?> BodyAsync(HttpRequest request, int maxBytes, CancellationToken cancellation)
    {
        byte[] body = new byte[maxBytes + 1];
        int length = await request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellation);
        return length > maxBytes ? null : body[..length];
    }

    /// <summary>Returns a query parameter that is neither known nor of the function key; null if there is none.</summary>
    public static string? UnknownParameter(IQueryCollection parameters, IEnumerable<string> known) =>
        parameters.Keys.FirstOrDefault(k => !known.Concat(OfTheKey).Contains(k, StringComparer.OrdinalIgnoreCase));
}
