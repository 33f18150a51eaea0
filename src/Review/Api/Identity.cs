using System.Text;
using System.Text.Json;

namespace AaClip.Review.Api;

/// <summary>Who uses the page.</summary>
public interface IIdentity
{
    /// <summary>Name of the person.</summary>
    /// <returns>Null if nobody is signed in.</returns>
    string? NameOf(HttpRequest request);
}

/// <summary>On one's own machine, who runs the program; the page answers this machine alone.</summary>
internal sealed class UserOfThisMachine : IIdentity
{
    public string NameOf(HttpRequest request) => Environment.UserName;
}

/// <summary>
/// In Azure, whom the platform has signed in before the request comes here (App Service Authentication, "Easy Auth"). It removes these
/// headers from what comes from outside.
/// </summary>
internal sealed class SignedInAtEntra : IIdentity
{
    private const int MaxName = 200;

    private static readonly string[] NameClaims =
    [
        "preferred_username",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "name",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
    ];

    public string? NameOf(HttpRequest request)
    {
        string? name =
            FromClaims(request.Headers["X-MS-CLIENT-PRINCIPAL"].ToString()) ?? request.Headers["X-MS-CLIENT-PRINCIPAL-NAME"].ToString();
        return string.IsNullOrWhiteSpace(name) ? null
            : name.Length <= MaxName ? name
            : name[..MaxName];
    }

    private static string? FromClaims(string header)
    {
        if (header.Length == 0)
            return null;
        try
        {
            using JsonDocument principal = JsonDocument.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(header)));
            Dictionary<string, string> claims = [];
            foreach (JsonElement claim in principal.RootElement.GetProperty("claims").EnumerateArray())
                if (claim.GetProperty("typ").GetString() is { } type && claim.GetProperty("val").GetString() is { Length: > 0 } value)
                    claims.TryAdd(type, value);
            return NameClaims.Select(type => claims.GetValueOrDefault(type)).FirstOrDefault(value => value is not null);
        }
        catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null; // not what the platform writes
        }
    }
}
