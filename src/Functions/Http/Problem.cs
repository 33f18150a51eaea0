using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace AaClip.Functions;

/// <summary>Why a request is not answered: application/problem+json (RFC 9457).</summary>
/// <param name="Type">Always "about:blank": the status says it all.</param>
/// <param name="Title">The status in words.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Detail">What was found, and what to do; at most 2,000 characters.</param>
internal sealed record Problem(string Type, string Title, int Status, string Detail)
{
    private const int LongestDetail = 2000; // details quote input

    /// <summary>The answer with this status.</summary>
    public static ContentResult Of(int status, string detail) =>
        new()
        {
            Content = JsonSerializer.Serialize(
                new Problem(
                    "about:blank",
                    ReasonPhrases.GetReasonPhrase(status),
                    status,
                    detail.Length <= LongestDetail ? detail : $"{detail[..LongestDetail]}…"
                ),
                ProblemJson.Default.Problem
            ),
            ContentType = "application/problem+json",
            StatusCode = status,
        };
}

/// <summary>A request that is refused with a status and a reason.</summary>
internal sealed class RefusedException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : JsonSerializerContext;
