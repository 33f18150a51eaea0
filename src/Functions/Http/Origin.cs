using Microsoft.AspNetCore.Http;

namespace AaClip.Functions;

/// <summary>Browsers send the origin of the page. Pages of other origins must not change anything with the user's key.</summary>
internal static class Origin
{
    /// <summary>Why a request that changes something is refused; null if it is not from a page of another origin.</summary>
    /// <param name="what">What pages of the own origin may do: "start jobs".</param>
    public static string? Fault(HttpRequest request, string what) =>
        request.Headers.Origin is [{ } origin, ..] && !IsOwn(origin, request)
            ? $"The request comes from a page of {origin}: only pages of {request.Host} may {what}."
            : null;

    private static bool IsOwn(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? page)
        && page.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase);
}
