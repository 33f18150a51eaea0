using System.Globalization;

namespace AaClip.LocalHost.Timers;

/// <summary>
/// A schedule as timer triggers write it: "second minute hour day month day-of-week", each field *, a number or name, a range, a list,
/// or any of them with /step. Both days must match. Five fields mean second 0; a time span such as "00:05:00" means every so long.
/// </summary>
internal sealed class NCrontab
{
    private static readonly (int Least, int Most, string What)[] Ranges = [(0, 59, "second"), (0, 59, "minute"), (0, 23, "hour"), (1, 31, "day"), (1, 12, "month"), (0, 6, "day of week")];
    private static readonly string[] Months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    private readonly bool[][] _fields = [];
    private readonly TimeSpan _every;

    private NCrontab(TimeSpan every) => _every = every;

    private NCrontab(bool[][] fields) => _fields = fields;

    /// <exception cref="FormatException">The text is not such a schedule; the message names the field.</exception>
    public static NCrontab Parse(string schedule)
    {
        if (schedule.Contains(':', StringComparison.Ordinal))
            return TimeSpan.TryParse(schedule, CultureInfo.InvariantCulture, out TimeSpan every) && every > TimeSpan.Zero
                ? new NCrontab(every)
                : throw new FormatException($"Schedule '{schedule}' is not a time span above zero such as \"00:05:00\".");
        string[] parts = schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 5)
            parts = ["0", .. parts];
        if (parts.Length != 6)
            throw new FormatException($"Schedule '{schedule}' has {parts.Length} fields, expected six: second minute hour day month day-of-week.");
        return new NCrontab([.. parts.Select((part, index) => Field(part, index, schedule))]);
    }

    /// <summary>The first moment after another one, in whole seconds of UTC.</summary>
    /// <exception cref="InvalidOperationException">The schedule never comes, such as on 30 February.</exception>
    public DateTimeOffset Next(DateTimeOffset after)
    {
        if (_fields.Length == 0)
            return after + _every;
        DateTime time = new(after.UtcTicks - after.UtcTicks % TimeSpan.TicksPerSecond + TimeSpan.TicksPerSecond, DateTimeKind.Utc);
        DateTime limit = time.AddYears(30); // 29 February on a given weekday comes within 28 years, but for centuries
        while (time < limit)
        {
            if (!_fields[4][time.Month])
                time = new DateTime(time.Year, time.Month, 1, 0, 0, 0, DateTimeKind.Utc).AddMonths(1);
            else if (!_fields[3][time.Day] || !_fields[5][(int)time.DayOfWeek])
                time = time.Date.AddDays(1);
            else if (!_fields[2][time.Hour])
                time = time.Date.AddHours(time.Hour + 1);
            else if (!_fields[1][time.Minute])
                time = time.AddSeconds(60 - time.Second);
            else if (!_fields[0][time.Second])
                time = time.AddSeconds(1);
            else
                return new DateTimeOffset(time);
        }

        throw new InvalidOperationException("The schedule never comes: its day does not exist in its months.");
    }

    private static bool[] Field(string text, int index, string schedule)
    {
        (int least, int most, string what) = Ranges[index];
        bool[] set = new bool[most + 1];
        foreach (string item in text.Split(','))
        {
            string[] stepped = item.Split('/');
            string[] range = stepped[0].Split('-');
            int step = stepped.Length == 1 ? 1 : Number(stepped[1]);
            bool all = stepped[0] == "*";
            int from = all ? least : Number(range[0]);
            int to = all || (range.Length == 1 && stepped.Length == 2) ? most : Number(range[^1]);
            if (stepped.Length > 2 || range.Length > 2 || step < 1 || from < least || to > most || from > to)
                throw Wrong();
            for (int value = from; value <= to; value += step)
                set[value] = true;
        }

        return set;

        int Number(string word)
        {
            if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                return index == 5 && number == 7 ? 0 : number;
            string[] names = index == 4 ? Months : index == 5 ? Days : [];
            int found = word.Length < 3 ? -1 : Array.FindIndex(names, name => name.Equals(word[..3], StringComparison.OrdinalIgnoreCase));
            return found < 0 ? throw Wrong() : found + least;
        }

        FormatException Wrong() => new($"'{text}' in schedule '{schedule}' is not a {what} ({least} to {most}).");
    }
}
