using System.Diagnostics;
using System.Globalization;

namespace AaClip.Cli;

/// <summary>
/// Progress on standard error: on a terminal one line that is redrawn, in a pipe a plain line every 5 seconds. Work that is done before
/// the first interval has passed shows nothing.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private static readonly TimeSpan TerminalPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PipePause = TimeSpan.FromSeconds(5);

    private readonly bool _terminal = !Console.IsErrorRedirected;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next;
    private int _drawn;

    public ProgressLine() => _next = _terminal ? TerminalPause : PipePause;

    /// <summary>Reports how far the work is; most calls draw nothing.</summary>
    /// <param name="force">Draw now on a terminal: a new step begins.</param>
    /// <param name="left">Time left; null estimates it from the pace since this object was created.</param>
    public void Show(string step, int done, int total, bool force = false, TimeSpan? left = null)
    {
        if (_clock.Elapsed < _next && !(force && _terminal))
            return;
        _next = _clock.Elapsed + (_terminal ? TerminalPause : PipePause);
        string text = total > 1 ? $"{step} {done}/{total}{Words(left ?? Left(done, total))}" : step;
        if (!_terminal)
        {
            Console.Error.WriteLine(text);
            return;
        }

        string bar = total > 1 ? $"[{new string('#', 20 * done / total).PadRight(20, '.')}] " : "";
        string line = bar + text;
        int width = Math.Max(20, Width() - 1);
        if (line.Length > width)
            line = line[..width];
        Console.Error.Write($"\r{line.PadRight(_drawn)}");
        _drawn = line.Length;
    }

    /// <summary>Removes the line, so that other output starts on an empty line.</summary>
    public void Clear()
    {
        if (_drawn > 0)
            Console.Error.Write($"\r{new string(' ', _drawn)}\r");
        _drawn = 0;
    }

    public void Dispose() => Clear();

    private static int Width()
    {
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : 80;
        }
        catch (IOException)
        {
            return 80; // the terminal does not report its width
        }
    }

    private TimeSpan? Left(int done, int total) =>
        done < 2 || _clock.Elapsed < TimeSpan.FromSeconds(2) ? null : _clock.Elapsed / done * (total - done);

    private static string Words(TimeSpan? left) =>
        left is not { } time
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $", {(time.TotalMinutes >= 1 ? $"{time.TotalMinutes:F1} min" : $"{time.TotalSeconds:F0} s")} left"
            );
}
