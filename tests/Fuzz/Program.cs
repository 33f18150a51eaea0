using System.Diagnostics;
using System.Globalization;
using AaClip.Fuzz;

// Reads damaged files in a process of its own, because what a reader does at worst, no test can catch: the end of the stack, a loop
// without end, all the memory. Arguments: "images" or "models"; a folder of good files; how many damaged ones; a file for the number of
// the one at hand (a process that died leaves it there); and, to see a single one again, its number. Ends with 0 when every file was
// read or refused.
if (args is not [("images" or "models") and var kind, string folder, string asked, string numberFile, .. string[] rest])
{
    Console.Error.WriteLine("Usage: AaClip.Fuzz images|models FOLDER FILES NUMBER_FILE [ONLY]");
    return 2;
}

TimeSpan patience = TimeSpan.FromSeconds(5); // of processor time, for one file
int files = int.Parse(asked, CultureInfo.InvariantCulture),
    only = rest is [string one] ? int.Parse(one, CultureInfo.InvariantCulture) : -1;
IFuzz fuzz = kind == "images" ? new ImageFuzz(folder) : new ModelFuzz(folder);

int refused = 0,
    wrong = 0,
    current = -1,
    looks = 0;
(int Number, TimeSpan Used) seen = (-1, default);
(double Milliseconds, int Number) slowest = default;
(long Megabytes, int Number) peak = default;
using Timer watch = new(Watch, null, patience, patience);
using FileStream number = new(numberFile, FileMode.Create, FileAccess.Write, FileShare.Read, 0);
Process self = Process.GetCurrentProcess();
for (int i = Math.Max(0, only); i < files && (only < 0 || i == only); i++)
{
    RandomAccess.Write(number.SafeFileHandle, System.Text.Encoding.ASCII.GetBytes(i.ToString("D9", CultureInfo.InvariantCulture)), 0);
    Volatile.Write(ref current, i);
    TimeSpan before = Environment.CpuUsage.TotalTime;
    (string what, string outcome) = fuzz.Run(i);
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
        Console.WriteLine($"#{i} {what}: {outcome}");
}

Console.WriteLine(
    FormattableString.Invariant(
        $"{files} files, {refused} refused, {wrong} wrong, slowest {slowest.Milliseconds:F0} ms (#{slowest.Number}), "
    ) + FormattableString.Invariant($"peak {peak.Megabytes} MB (#{peak.Number})")
);
return wrong == 0 ? 0 : 1;

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
