using System.Text.Json;

namespace AaClip.Pipeline.Contracts;

/// <summary>Versions of the messages. A message of a newer version is rejected, because its fields may have another meaning.</summary>
internal static class MessageSchema
{
    /// <summary>The newest version that this program reads, and the version that it writes.</summary>
    public const int Current = 1;

    /// <summary>Checks the version of a message being read. 0 means that the message has no version; that is version 1.</summary>
    /// <exception cref="JsonException">The version is newer than <see cref="Current"/>, or negative.</exception>
    public static int Known(int version, string message) =>
        version switch
        {
            0 => 1,
            >= 1 and <= Current => version,
            _ => throw new JsonException(
                $"A {message} message has schemaVersion {version}; this program reads up to {Current}: update it before the program "
                    + $"that sends them."
            ),
        };
}
