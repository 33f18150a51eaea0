using System.Globalization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Text;

namespace AaClip.Pipeline.Results.Index;

/// <summary>
/// Names of tables and keys of rows. They are made from the image's stored time, its name and version, and the model alone, so that a
/// message delivered twice writes the same row. All times are UTC.
/// </summary>
/// <remarks>
/// A table holds a month, <c>results202611</c>: retention drops a table. Inside of it:
/// <list type="table">
/// <item><c>{camera}|{day}</c>: one row for each result; day is 99999999 − yyyyMMdd, so that a range of keys is newest first.</item>
/// <item><c>!{hour}</c>: a second row for anomalous and failed results of all cameras; hour is 9999999999 − yyyyMMddHH.</item>
/// <item><c>${camera}|{day}</c>: counts of the results of an hour and model, <c>{HH}|{model}</c>; see Results.Counts.</item>
/// <item><c>*</c>: hours whose counts may be old, <c>{camera}|{hour}|{model}</c>; see <see cref="StaleHours"/>.</item>
/// <item><c>+</c>: one row for each day and camera, <c>{day}|{camera}</c>.</item>
/// <item><c>~~{day}</c>: people's decisions on images of all cameras, <c>{ticks}|{image}|{id}</c>.</item>
/// </list>
/// Parts of keys begin with a letter, a digit or one of <c>- . @ _ ~</c>: what begins with <c>! $ * +</c> sorts before all cameras.
/// Row keys of results are <c>{ticks}|{image}|{model}</c>: 19 digits that fall as time rises, 16 digits of the SHA-256 of name and ETag,
/// and the model. They order all results, newest first, whatever the partition; all models of an image lie side by side.
/// </remarks>
internal static class IndexKeys
{
    /// <summary>What the names of the tables begin with, after <see cref="StorageClients.TablePrefix"/>.</summary>
    public const string Tables = "results";

    /// <summary>Partition of the days on which cameras have results.</summary>
    public const string Days = "+";

    /// <summary>Partitions of cameras begin with this or what sorts after it.</summary>
    public const string FirstCamera = "-";

    /// <summary>
    /// Partitions of cameras sort before this: the names of cameras that begin with another character than a letter, a digit, "-", "_", "."
    /// or "@" begin with "~" and two capital hexadecimal digits, see <see cref="TableKeys"/>.
    /// </summary>
    public const string AfterCameras = "~~";

    /// <summary>Characters of a row key that tell the image version: 19 digits, "|" and 16 hexadecimal digits.</summary>
    public const int ImageLength = 36;

    /// <summary>What the partitions of anomalous and failed results of all cameras begin with.</summary>
    public const string Fleet = "!";

    /// <summary>What the partitions of counts begin with.</summary>
    public const string Counts = "$";

    /// <summary>Partition of the hours whose counts may be old.</summary>
    public const string Stale = "*";

    /// <summary>
    /// The time that a result is filed under: when its image was stored; where that is not known, when scoring was asked for.
    /// </summary>
    public static DateTimeOffset TimeOf(ResultDocument result) =>
        (result.Image.StoredAt ?? result.EnqueuedAt ?? result.ScoredAt).ToUniversalTime();

    /// <summary>Name of the table of a month, without the prefix of the account.</summary>
    public static string Table(DateTimeOffset time) => Tables + time.UtcDateTime.ToString("yyyyMM", CultureInfo.InvariantCulture);

    /// <summary>The month of a time, by its first day.</summary>
    public static DateOnly Month(DateTimeOffset time) => new(time.UtcDateTime.Year, time.UtcDateTime.Month, 1);

    /// <summary>Partition of a camera's results of a day.</summary>
    public static string Camera(string camera, DateTimeOffset time) => $"{TableKeys.Part(camera)}|{Day(time)}";

    /// <summary>Partition of what is anomalous or failed, of all cameras, in an hour.</summary>
    public static string Hour(DateTimeOffset time) => Fleet + Falling(time, "yyyyMMddHH");

    /// <summary>Partition of the counts of a camera's hours of a day.</summary>
    public static string CountsOf(string camera, DateTimeOffset time) => Counts + Camera(camera, time);

    /// <summary>Row key of the counts of an hour of a day.</summary>
    /// <param name="model">"name@version".</param>
    public static string CountOf(DateTimeOffset hour, string model) =>
        $"{hour.UtcDateTime.ToString("HH", CultureInfo.InvariantCulture)}|{TableKeys.Part(model)}";

    /// <summary>What the row keys of marks of an hour whose counts may be old begin with, for all models; "|" follows.</summary>
    public static string StaleOf(string camera, DateTimeOffset time) => $"{TableKeys.Part(camera)}|{Falling(time, "yyyyMMddHH")}";

    /// <summary>Row key of the mark of an hour whose counts may be old.</summary>
    /// <param name="model">"name@version".</param>
    public static string StaleOf(string camera, DateTimeOffset time, string model) => $"{StaleOf(camera, time)}|{TableKeys.Part(model)}";

    /// <summary>The hour of a time: its start.</summary>
    public static DateTimeOffset HourOf(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerHour, TimeSpan.Zero);

    /// <summary>Partition of people's decisions on images of a day; it sorts after those of all cameras.</summary>
    public static string Reviews(DateTimeOffset time) => AfterCameras + Day(time);

    /// <summary>A day as it stands in keys: 8 digits that fall as time rises.</summary>
    public static string Day(DateTimeOffset time) => Falling(time, "yyyyMMdd");

    /// <summary>What the row keys of all results of a moment begin with; later moments sort before it, earlier ones after it.</summary>
    public static string Moment(DateTimeOffset time) =>
        (DateTimeOffset.MaxValue.Ticks - time.UtcTicks).ToString("D19", CultureInfo.InvariantCulture);

    /// <summary>A cursor after all results of a moment and before those of earlier ones.</summary>
    /// <param name="time">Null for a cursor after everything.</param>
    public static string After(DateTimeOffset? time) =>
        // "g" is after all hexadecimal digits
        $"{Moment(time ?? DateTimeOffset.UnixEpoch)}|{new string('g', 16)}";

    /// <summary>The moment of a row key.</summary>
    /// <returns>Null when it is no key of a result.</returns>
    public static DateTimeOffset? TimeOf(string rowKey) =>
        rowKey.Length > 20
        && rowKey[19] == '|'
        && rowKey.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@' or '~' or '|') // it goes into filters
        && long.TryParse(rowKey.AsSpan(0, 19), NumberStyles.None, CultureInfo.InvariantCulture, out long ticks)
        && ticks <= DateTimeOffset.MaxValue.Ticks
            ? new DateTimeOffset(DateTimeOffset.MaxValue.Ticks - ticks, TimeSpan.Zero)
            : null;

    /// <summary>Row key of a result.</summary>
    /// <param name="model">"name@version".</param>
    public static string Row(DateTimeOffset time, ImageVersion image, string model) => $"{Image(time, image)}|{TableKeys.Part(model)}";

    /// <summary>What the row keys of all results of an image version begin with: <see cref="ImageLength"/> characters.</summary>
    public static string Image(DateTimeOffset time, ImageVersion image) => $"{Moment(time)}|{TextHash.Hex(image.Identity, 16)}";

    // The digits of the time, each subtracted from nine: as many digits, whose value falls as time rises.
    private static string Falling(DateTimeOffset time, string format) =>
        string.Concat(time.UtcDateTime.ToString(format, CultureInfo.InvariantCulture).Select(digit => (char)('9' - (digit - '0'))));
}
