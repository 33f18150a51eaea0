using System.Buffers.Binary;
using System.Globalization;
using AaClip.Scoring.Tensors;

namespace AaClip.Import;

/// <summary>Kinds of checkpoint file.</summary>
internal enum ContainerKind
{
    /// <summary>One safetensors file.</summary>
    Safetensors,

    /// <summary>The zip archive of torch.save or torch.jit.save.</summary>
    Zip,

    /// <summary>A JSON index that maps each tensor to its shard.</summary>
    Index,
}

/// <summary>Detects a container from its first bytes, and explains the remedy for kinds that are not supported.</summary>
internal static class Container
{
    private const int TarMagicAt = 257; // "ustar", POSIX 1003.1

    /// <summary>Detects the kind of a file.</summary>
    /// <exception cref="InvalidDataException">
    /// The kind is not supported; the message says what the file seems to be and what to do.
    /// </exception>
    public static ContainerKind Recognise(MappedFile file)
    {
        ReadOnlySpan<byte> head = file.Slice(0, Math.Min(file.Length, 512)).Span;

        if (head.StartsWith("PK\x03\x04"u8))
            return ContainerKind.Zip;
        if (head is [_, _, _, _, _, _, _, _, (byte)'{', ..] && BinaryPrimitives.ReadInt64LittleEndian(head) is > 0 and < int.MaxValue)
            return ContainerKind.Safetensors;
        if (head.TrimStart(" \t\r\n"u8) is [(byte)'{', ..])
            return ContainerKind.Index;

        throw new InvalidDataException(
            head switch
            {
                [0x80, >= 1 and <= 5, ..] =>
                    $"'{file.Path}' is a bare pickle, as PyTorch before 1.6 wrote it, which is not read here: load it with "
                        + $"torch.load and save it anew with PyTorch 1.6 or newer, or as safetensors.",
                _ when head.Length > TarMagicAt + 5 && head[TarMagicAt..].StartsWith("ustar"u8) =>
                    $"'{file.Path}' is a tar archive, which is not read here: unpack it, or if PyTorch wrote it, save it anew with "
                        + $"PyTorch 1.6 or newer, or as safetensors.",
                [0x1f, 0x8b, ..] => $"'{file.Path}' is compressed with gzip: unpack it first.",
                _ when head.StartsWith("version https://git-lfs"u8) =>
                    $"'{file.Path}' is a Git LFS pointer of {file.Length} bytes, not the checkpoint itself: run 'git lfs pull'.",
                [(byte)'<', ..] =>
                    $"'{file.Path}' is a web page, not a checkpoint: the download was answered by a page, download it again.",
                _ => string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{file.Path}' is not a checkpoint: its {file.Length} bytes begin with "
                        + $"{Convert.ToHexString(head[..Math.Min(head.Length, 8)])}. Expected are safetensors, an index of shards, "
                        + $"or the zip file of torch.save or torch.jit.save (PyTorch 1.6 or newer)."
                ),
            }
        );
    }
}
