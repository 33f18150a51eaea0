using System.Text.Json;

namespace AaClip.Pipeline.Contracts;

/// <summary>Versions of the messages. A message of a newer version is refused, for its fields may mean something else.</summary>
internal static class MessageSchema
{
    /// <summary>The newest version that this program reads, and the one it writes.</summary>
    public const int Current = 1;

    /// <summary>Checks a version as it is read; 0 is a message that names none, which means 1.</summary>
    /// <exception cref="JsonException">The version is newer, or not one.</exception>
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
