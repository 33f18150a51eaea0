using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace AaClip.Functions;

/// <summary>Responses of the HTTP functions.</summary>
internal static class Answers
{
    /// <summary>JSON that is already written.</summary>
    public static ContentResult Json(string json, int status = StatusCodes.Status200OK) =>
        new()
        {
            Content = json,
            ContentType = "application/json",
            StatusCode = status,
        };

    /// <summary>400: what was found, and what is expected.</summary>
    public static ContentResult Refuse(string message) => Text(StatusCodes.Status400BadRequest, message);

    /// <summary>Text for people.</summary>
    public static ContentResult Text(int status, string message) =>
        new()
        {
            Content = message,
            ContentType = "text/plain; charset=utf-8",
            StatusCode = status,
        };
}
