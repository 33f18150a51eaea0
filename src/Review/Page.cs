using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace AaClip.Review;

/// <summary>The page: one HTML file for all views, one script, one style sheet, from this assembly.</summary>
internal static class Page
{
    /// <summary>Addresses of the views. The page itself shows the one that its address names.</summary>
    public static readonly string[] Views = ["/", "/image", "/whatif", "/compare", "/cameras", "/state", "/audit"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        Func<IResult> html = File("index.html", "text/html; charset=utf-8");
        foreach (string view in Views)
            routes.MapGet(view, html);
        routes.MapGet("/app.js", File("app.js", "text/javascript; charset=utf-8"));
        routes.MapGet("/app.css", File("app.css", "text/css; charset=utf-8"));
        routes.MapGet("/favicon.ico", () => Results.NoContent());
    }

    private static Func<IResult> File(string name, string type)
    {
        using Stream resource =
            typeof(Page).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"This build of the review page has no {name}: build it again.");
        byte[] content = new byte[resource.Length];
        resource.ReadExactly(content);
        EntityTagHeaderValue etag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\"");
        return () => Results.Bytes(content, type, entityTag: etag); // answers 304 by itself
    }
}
