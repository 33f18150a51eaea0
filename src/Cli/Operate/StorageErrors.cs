using Azure;
using Azure.Identity;

namespace AaClip.Cli.Operate;

/// <summary>
/// Errors of storage, explained in one line. The storage library's own messages have several lines and hold headers.
/// </summary>
internal static class StorageErrors
{
    /// <returns>Null if the exception does not come from storage.</returns>
    public static string? Explain(Exception exception) =>
        exception switch
        {
            RequestFailedException { Status: 403 } =>
                "The storage account refuses access: check the key or the roles of the identity (Storage Blob Data Reader and "
                    + "Storage Queue Data Reader to read; Storage Blob Data Contributor to drop images).",
            RequestFailedException { Status: > 0 } failed =>
                $"Storage answered {failed.Status} {failed.ErrorCode}: {FirstLine(failed.Message)}",
            RequestFailedException failed => $"Storage cannot be reached: {FirstLine(Innermost(failed).Message)}",
            AuthenticationFailedException failed =>
                $"No identity was accepted: {FirstLine(failed.Message)} Log in with 'az login', or pass --connection.",
            AggregateException { InnerExceptions: [.., var last] } when last is IOException or OperationCanceledException =>
                $"Storage does not answer as it should: {FirstLine(last.Message)}",
            AggregateException { InnerExceptions: [.., var last] } => Explain(last),
            _ => null,
        };

    /// <summary>The first line of a message.</summary>
    public static string FirstLine(string message) => message.Split('\n', 2)[0].Trim();

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
            exception = inner;
        return exception;
    }
}
