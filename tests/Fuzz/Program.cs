using System.Diagnostics;
using System.Globalization;
using AaClip.Fuzz;
using AaClip.Scoring.Images;

// Decodes damaged image files in a process of its own, because what a decoder does at worst, no test can catch: the end of the stack,
// a loop without end, all the memory. Arguments: a folder of good files; how many damaged ones; a file for the number of the one at
// hand (a process that died leaves it there); and, to see a single one again, its number. Ends with 0 when every file gave an
// image or a refusal.
if (args is not [string folder, string asked, string numberFile, .. string[] rest])
{
    Console.Error.WriteLine("Usage: AaClip.Fuzz FOLDER FILES NUMBER_FILE [ONLY]");
    return 2;
}

const int RandomSeed = 20250306;
const int MaxPixels = 4_000_000;
TimeSpan patience = TimeSpan.FromSeconds(5); // of processor time, for one file
int files = int.Parse(asked, CultureInfo.InvariantCulture), only = rest is [string one] ? int.Parse(one, CultureInfo.InvariantCulture) : -1;
(string Name, byte[] File)[] good =
    [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(f => (Path.GetFileName(f), File.ReadAllBytes(f)))];
(string What, byte[] File)[] systematic = [.. good.SelectMany(g => ImageMutator.Systematic(g.Name, g.File, RandomSeed))];

int refused = 0, wrong = 0, current = -1, looks = 0;
(int Number, TimeSpan Used) seen = (-1, default);
(double Milliseconds, int Number) slowest = default;
(long Megabytes, int Number) peak = default;
using Timer watch = new(Watch, null, patience, patience);
using FileStream number = new(numberFile, FileMode.Create, FileAccess.Write, FileShare.Read, 0);
Process self = Process.GetCurrentProcess();
for (int i = Math.Max(0, only); i < files && (only < 0 || i == only); i++)
{
    (string what, byte[] file) = Damaged(i);
    RandomAccess.Write(number.SafeFileHandle, System.Text.Encoding.ASCII.GetBytes(i.ToString("D9", CultureInfo.InvariantCulture)), 0);
    Volatile.Write(ref current, i);
    TimeSpan before = Environment.CpuUsage.TotalTime;
    string outcome = string.Join(", ", Outcome(file, what, parity: false), Outcome(file, what, parity: true));
    refused += outcome.Contains("refused", StringComparison.Ordinal) ? 1 : 0;
    double taken = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
    if (outcome.Contains("wrong", StringComparison.Ordinal) || taken > patience.TotalMilliseconds)
    {
        wrong++;
        Console.WriteLine($"#{i} {what}: {outcome}, {taken:F0} ms");
    }

    slowest = taken > slowest.Milliseconds ? (taken, i) : slowest;
    self.Refresh();
    peak = self.PeakWorkingSet64 >> 20 is var now && now > peak.Megabytes ? (now, i) : peak;
    if (only >= 0)
        Console.WriteLine($"#{i} {what}, {file.Length} bytes: {outcome}");
}

Console.WriteLine(FormattableString.Invariant(
    $"{files} files, {refused} refused, {wrong} wrong, slowest {slowest.Milliseconds:F0} ms (#{slowest.Number}), ")
    + FormattableString.Invariant($"peak {peak.Megabytes} MB (#{peak.Number})"));
return wrong == 0 ? 0 : 1;

(string What, byte[] File) Damaged(int i)
{
    if (i < systematic.Length)
        return systematic[i];
    (string name, byte[] file) = good[i % good.Length];
    return ($"{name}, shaken", ImageMutator.Shake(file, new Random(RandomSeed + i)));
}

string Outcome(byte[] file, string what, bool parity)
{
    try
    {
        DecodeOptions options = new() { Parity = parity, Limits = new ImageLimits { MaxPixels = MaxPixels } };
        DecodedImage image = ImageDecoder.Decode(file, what, options);
        bool whole = image.Image.Pixels.Length == image.StoredWidth * image.StoredHeight * 3;
        return whole ? $"{image.StoredWidth} x {image.StoredHeight}" : "wrong: size";
    }
    catch (ImageRejectedException e)
    {
        return $"refused ({e.Message})";
    }
    catch (Exception e)
    {
        return $"wrong: {e}";
    }
}

// One file at several looks, and the process was busy all the time between them: it will not end.
void Watch(object? _)
{
    int now = Volatile.Read(ref current);
    TimeSpan used = Environment.CpuUsage.TotalTime;
    looks = seen.Number == now && now >= 0 && used - seen.Used > patience / 2 ? looks + 1 : 0;
    seen = (now, used);
    if (looks > 3)
    {
        Console.WriteLine($"#{now} does not end.");
        Environment.Exit(3);
    }
}
