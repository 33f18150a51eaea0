using System.Text;
using AaClip.Scoring;

namespace AaClip.Cli;

/// <summary>
/// A file of lines. It is written as NAME.tmp during the run and renamed at the end, so that a reader of NAME never sees an incomplete
/// file. A target that is not a regular file, such as a named pipe or /dev/stdout, is written directly.
/// </summary>
internal sealed class LinesFile : IDisposable
{
    private readonly string _path,
        _unfinished;
    private readonly FileStream _stream;
    private long _whole; // bytes of complete lines
    private bool _closed;

    /// <exception cref="IOException">The file cannot be created; the message names it.</exception>
    public LinesFile(string path, string option)
    {
        try
        {
            _path = Path.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;
            bool special =
                Path.GetFullPath(path) is var full
                    && (full.StartsWith("/dev/", StringComparison.Ordinal) || full.StartsWith("/proc/", StringComparison.Ordinal))
                || IsPipe(_path);
            if (special)
                _path = path;
            _unfinished = special ? path : _path + ".tmp";
            _stream = new FileStream(
                _unfinished,
                special ? FileMode.Open : FileMode.Create,
                FileAccess.Write,
                FileShare.Read,
                bufferSize: 0
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"'{path}' cannot be written ({e.Message}): name another file for {option}.", e);
        }
    }

    /// <exception cref="IOException">
    /// The file cannot be written; the message names it, and says which file holds the lines written so far.
    /// </exception>
    public void Write(string line)
    {
        try
        {
            byte[] bytes = Encoding.UTF8.GetBytes(line + "\n");
            _stream.Write(bytes);
            _whole += bytes.Length;
        }
        catch (IOException e) when (!ClosedPipe.Is(e))
        {
            throw new IOException(
                $"'{_path}' cannot be written ({e.Message.Split(" : ", 2)[0]}); the lines so far are in '{_unfinished}'.",
                e.HResult
            );
        }
    }

    /// <summary>Closes the file and renames it to its final name.</summary>
    public void Keep()
    {
        Close();
        if (_unfinished != _path)
            File.Move(_unfinished, _path, overwrite: true);
    }

    public void Dispose() => Close();

    private void Close()
    {
        if (_closed)
            return;
        _closed = true;
        if (_stream.CanSeek && _unfinished != _path)
            _stream.SetLength(_whole); // removes an incomplete last line after a full disk
        _stream.Dispose();
    }

    // Looks at the file's attributes: opening a pipe would wait for its reader.
    private static bool IsPipe(string path) =>
        Path.Exists(path)
        && !Directory.Exists(path)
        && new FileInfo(path) is { Length: 0 } file
        && !OperatingSystem.IsWindows()
        && file.Attributes.HasFlag(FileAttributes.Device);
}
