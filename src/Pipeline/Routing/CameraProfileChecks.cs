using System.Globalization;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;
using AaClip.Scoring.Tiles;

namespace AaClip.Pipeline.Routing;

/// <summary>Checks that the JSON reader cannot do. Messages name camera, field, value and remedy.</summary>
internal static class CameraProfileChecks
{
    private const int LongestPart = 500;
    private const int Raster = 64; // pixels along one side; enough to see whether a mask covers the whole image

    /// <exception cref="InvalidDataException">A value is out of its range.</exception>
    public static void Check(CameraProfile profile, string where)
    {
        try
        {
            _ = ClassNames.Resolve(profile.Class);
        }
        catch (ArgumentException e)
        {
            throw Bad(where, "class", $"'{profile.Class}'", e.Message.Split(" (Parameter", 2)[0].TrimEnd('.'));
        }

        if (profile.Threshold is { } threshold and not (> 0 and < 1))
            throw Bad(
                where,
                "threshold",
                Text(threshold),
                "expected a raw score above 0 and below 1, or leave it out to take the model's calibration"
            );
        if (profile.MapThreshold is { } map && !float.IsFinite(map))
            throw Bad(where, "mapThreshold", Text(map), "expected a number, or leave it out to take the model's calibration");
        if (profile.MinRegion is not (>= 0 and <= 1))
            throw Bad(where, "minRegion", Text(profile.MinRegion), "expected a share of the image, 0 to 1");
        if (profile.Skip.Any(string.IsNullOrWhiteSpace))
            throw Bad(where, "skip", "an empty pattern", "expected patterns such as '*.tmp', or an empty list");
        if (profile.Tiles is { } tiles && profile.TilePlan is null)
            throw Bad(where, "tiles", $"'{tiles}'", $"expected {Tiling.Expected}, or leave it out");
        if (profile.TileOverlap is not (>= 0 and <= Tiling.MaxOverlap))
            throw Bad(
                where,
                "tileOverlap",
                Text(profile.TileOverlap),
                $"expected a share of a tile's side, 0 to {Text(Tiling.MaxOverlap)}"
            );
        CheckFirst(profile.First, where);
        CheckGenerated(profile.Generated, where);
        CheckEvents(profile.Events, where);
        CheckPart(profile, where);
        CheckMask(profile, where);
        CheckAlert(profile.Alert, where);
    }

    private static void CheckFirst(FirstModel? first, string where)
    {
        if (first is null)
            return;
        foreach ((string field, string? model) in (ReadOnlySpan<(string, string?)>)[("model", first.Model), ("against", first.Against)])
            if (model is not null && !ModelId.TryParse(model, out _))
                throw Bad(where, $"first.{field}", $"'{model}'", "expected name@version of a published package");
        if (first.Settles is not (> 0 and < 1))
            throw Bad(
                where,
                "first.settles",
                Text(first.Settles),
                "expected a raw score above 0 and below 1, see 'aaclip calibrate --first'"
            );
        if (first.Bound is { } bound and not (> 0 and <= 1))
            throw Bad(where, "first.bound", Text(bound), "expected a share above 0, at most 1, or leave it out");
    }

    private static void CheckGenerated(GeneratedRule? rule, string where)
    {
        if (rule is null)
            return;
        const string Remedy = "see 'aaclip calibrate --check'";
        if (!ModelId.TryParse(rule.Model, out _))
            throw Bad(where, "generated.model", $"'{rule.Model}'", "expected name@version of a published check");
        if (rule.Threshold is not (> 0 and <= 1))
            throw Bad(where, "generated.threshold", Text(rule.Threshold), $"expected a probability above 0, at most 1, {Remedy}");
        if (rule.Alpha is { } alpha and not (> 0 and <= 1))
            throw Bad(where, "generated.alpha", Text(alpha), $"expected a share above 0, at most 1, {Remedy}");
        double p = double.PositiveInfinity,
            from = 0;
        foreach (IReadOnlyList<double>? level in rule.Levels ?? [])
        {
            if (level is not [> 0 and <= 1, >= 0 and <= 1] || level[0] >= p || level[1] < from)
                throw Bad(
                    where,
                    "generated.levels",
                    $"has [{string.Join(", ", (level ?? []).Select(Text))}]",
                    $"expected [p-value, probability], 0 to 1, with falling p-values and rising probabilities, {Remedy}",
                    isValue: false
                );
            (p, from) = (level[0], level[1]);
        }
    }

    private static void CheckEvents(CameraEvents? events, string where)
    {
        if (events is null)
            return;
        const double Day = 86_400;
        if (!ModelId.TryParse(events.Model, out _))
            throw Bad(where, "events.model", $"'{events.Model}'", "expected name@version of a published temporal package");
        if (events.EverySeconds is not (>= 0.01 and <= 3600))
            throw Bad(where, "events.everySeconds", Text(events.EverySeconds), "expected seconds, 0.01 to 3600");
        if (events.GapSeconds < events.EverySeconds || events.GapSeconds is not (> 0 and <= Day))
            throw Bad(where, "events.gapSeconds", Text(events.GapSeconds), "expected seconds, from events.everySeconds to a day");
        if (events.LatenessSeconds is not (>= 0 and <= Day))
            throw Bad(where, "events.latenessSeconds", Text(events.LatenessSeconds), "expected seconds, 0 to a day");
        if (events.Threshold is { } threshold && threshold is not (> 0 and < 1))
            throw Bad(
                where,
                "events.threshold",
                Text(threshold),
                "expected a score above 0 and below 1, or leave it out to take the model's calibration"
            );
        if (events.MinSeconds is { } seconds && seconds is not (> 0 and < Day))
            throw Bad(where, "events.minSeconds", Text(seconds), "expected seconds above 0, less than a day, or leave it out");
    }

    private static void CheckPart(CameraProfile profile, string where)
    {
        if (profile.Part is not { } pattern)
            return;
        string shown = pattern.Length <= 60 ? $"'{pattern}'" : $"'{pattern[..60]}…'";
        if (pattern.Length is 0 or > LongestPart)
            throw Bad(where, "part", shown, $"expected a regular expression of 1 to {LongestPart} characters, or leave it out");
        try
        {
            if (!profile.PartPattern!.GetGroupNames().Contains(CameraProfile.PartGroup)) // not null: there is an expression
                throw Bad(where, "part", shown, "expected a regular expression with a group (?<part>…), such as '^(?<part>[^_/]+)_'");
        }
        catch (ArgumentException e)
        {
            throw Bad(where, "part", shown, $"expected a regular expression, but {e.Message.TrimEnd('.')}");
        }
    }

    private static void CheckMask(CameraProfile profile, string where)
    {
        for (int i = 0; i < (profile.Ignore?.Count ?? 0); i++)
        {
            string field = string.Create(CultureInfo.InvariantCulture, $"ignore[{i}]");
            IReadOnlyList<IReadOnlyList<double>>? polygon = profile.Ignore![i]; // not null: the loop runs only if it has entries
            if (polygon is null || polygon.Count < 3)
                throw Bad(where, field, $"a polygon of {polygon?.Count ?? 0} corners", "expected at least three corners of [x, y]");
            foreach (IReadOnlyList<double>? corner in polygon)
                if (corner is not [>= 0 and <= 1, >= 0 and <= 1])
                    throw Bad(
                        where,
                        field,
                        $"has the corner [{string.Join(", ", (corner ?? []).Select(Text))}]",
                        "expected [x, y] as shares of width and height, 0 to 1",
                        isValue: false
                    );
        }

        if (profile.Mask is { } mask && Array.TrueForAll(mask.Rasterize(Raster, Raster), p => p))
            throw Bad(where, "ignore", "the whole image", "leave a part of the image outside of the polygons");
    }

    private static void CheckAlert(AlertRule rule, string where)
    {
        if (rule.SeverityBands.Count == 0)
            throw Bad(where, "alert.severityBands", "empty", "name at least one band, or leave the field out");
        double last = double.NegativeInfinity;
        foreach (SeverityBand band in rule.SeverityBands)
        {
            if (band?.Name is not { Length: > 0 and <= 64 } name || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
                throw Bad(where, "alert.severityBands", $"a band called '{band?.Name}'", "use 1 to 64 letters, digits, '-' and '_'");
            if (band.MinCalibrated is not (>= 0 and <= 1) || band.MinCalibrated <= last)
                throw Bad(
                    where,
                    "alert.severityBands",
                    $"{Text(band.MinCalibrated)} for '{band.Name}'",
                    "expected calibrated scores, 0 to 1, in ascending order"
                );
            last = band.MinCalibrated;
        }

        if (rule.Confirm.N < 1 || rule.Confirm.M < rule.Confirm.N || rule.Confirm.M > 100)
            throw Bad(where, "alert.confirm", $"{Text(rule.Confirm.N)} of {Text(rule.Confirm.M)}", "expected n of m with 1 ≤ n ≤ m ≤ 100");
        if (rule.CoolDownSeconds is < 0 or > 604_800)
            throw Bad(where, "alert.coolDownSeconds", Text(rule.CoolDownSeconds), "expected 0 to 604800, one week");
        if (rule.CloseAfterNormal is < 1 or > 1000)
            throw Bad(where, "alert.closeAfterNormal", Text(rule.CloseAfterNormal), "expected 1 to 1000");
        if (rule.Smooth is < 1 or > AlertRule.MaxSmooth || rule.Smooth % 2 == 0)
            throw Bad(where, "alert.smooth", Text(rule.Smooth), $"expected an odd number of images, 1 to {Text(AlertRule.MaxSmooth)}");
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static InvalidDataException Bad(string where, string field, string value, string remedy, bool isValue = true) =>
        new($"{where}: '{field}' {(isValue ? "is " : "")}{value}: {remedy}.");
}
