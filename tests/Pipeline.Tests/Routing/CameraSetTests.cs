using System.Text;
using AaClip.Pipeline.Routing;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Tiles;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Routing;

public class CameraSetTests
{
    private const string Full = """
        {
          "$schema": "../docs/schemas/cameras.schema.json", "schemaVersion": 1, // comments are allowed
          "cameras": {
            "line1": {
              "class": "MVTec/bottle", "domain": "medical", "threshold": 0.6, "mapThreshold": 1.5, "ignore": [[[0, 0], [0.5, 0], [0.5, 1]]],
              "minRegion": 0.01, "heatmaps": false, "skip": ["thumbs/*"], "part": "^(?<part>[^/]+)/",
              "tiles": "3x2", "tileOverlap": 0.1,
              "first": { "model": "small@1", "settles": 0.2, "against": "full@2", "bound": 0.03 },
              "generated": { "model": "c2p@1", "threshold": 0.8, "alpha": 0.01, "levels": [[0.1, 0.4], [0.01, 0.8]] },
              "alert": { "severityBands": [{ "name": "low", "minCalibrated": 0.5 }, { "name": "high", "minCalibrated": 0.8 }],
                "confirm": { "n": 2, "m": 3 }, "coolDownSeconds": 10, "closeAfterNormal": 5,
                "enabled": false, "smooth": 7, "silence": false, "drift": false }
            },
            "line*": { "class": "screw" },
            "line*-top": { "class": "cap" },
            "*": {},
          }
        }
        """;

    [Fact]
    public void Every_field_is_read()
    {
        CameraProfile profile = Parse(Full).Find("line1")!; // it is in the file

        Assert.Equal(
            ("MVTec/bottle", Domain.Medical, 0.6, 1.5f, 0.01, false),
            (profile.Class, profile.Domain, profile.Threshold, profile.MapThreshold, profile.MinRegion, profile.Heatmaps)
        );
        Assert.Equal(new FirstModel("small@1", 0.2, "full@2", 0.03), profile.First);
        Assert.Equal(("c2p@1", 0.8, 0.01), (profile.Generated!.Model, profile.Generated.Threshold, profile.Generated.Alpha));
        Assert.Equal(
            [
                [0.1, 0.4],
                [0.01, 0.8],
            ],
            profile.Generated.Levels!
        );
        Assert.Equal(["small@1"], Parse(Full).FirstModels.Select(f => f.Model));
        Assert.Equal(["thumbs/*"], profile.Skip);
        Assert.Equal(("SN-1", null), (profile.PartOf("SN-1/a.png"), profile.PartOf("a.png")));
        Assert.Equal([true, false, false, false], profile.Mask?.Square(2) ?? []);
        Assert.Equal([new SeverityBand("low", 0.5), new SeverityBand("high", 0.8)], profile.Alert.SeverityBands);
        Assert.Equal(
            (new Confirmation(2, 3), 10, 5, false, 7),
            (
                profile.Alert.Confirm,
                profile.Alert.CoolDownSeconds,
                profile.Alert.CloseAfterNormal,
                profile.Alert.Enabled,
                profile.Alert.Smooth
            )
        );
        Assert.Equal((false, false), (profile.Alert.Silence, profile.Alert.Drift));
        Assert.Equal(new Tiling(3, 2, 0, 0.1), profile.TilePlan);
    }

    [Fact]
    public void What_is_left_out_has_its_default()
    {
        CameraProfile profile = Parse(Full).Find("other")!; // "*" matches

        Assert.Equal(
            ("object", Domain.Industrial, null, null, 0.0, true),
            (profile.Class, profile.Domain, profile.Threshold, profile.MapThreshold, profile.MinRegion, profile.Heatmaps)
        );
        Assert.Equal(CameraProfile.DefaultSkip, profile.Skip);
        Assert.Null(profile.Mask);
        Assert.Null(profile.PartOf("SN-1/a.png"));
        Assert.Equal(
            (60, 3, true, new Confirmation(1, 1), 1),
            (
                profile.Alert.CoolDownSeconds,
                profile.Alert.CloseAfterNormal,
                profile.Alert.Enabled,
                profile.Alert.Confirm,
                profile.Alert.Smooth
            )
        );
        Assert.Equal((true, true), (profile.Alert.Silence, profile.Alert.Drift));
        Assert.Null(profile.TilePlan);
        Assert.Null(profile.First);
        Assert.Equal(0.25, profile.TileOverlap);
        Assert.Equal(["minor", "major", "critical"], profile.Alert.SeverityBands.Select(b => b.Name));
    }

    [Theory]
    [InlineData("line1", "MVTec/bottle")]
    [InlineData("line12", "screw")]
    [InlineData("line7-top", "cap")]
    [InlineData("Line1", "object")]
    public void The_own_name_goes_before_patterns_and_longer_patterns_before_shorter(string camera, string objectClass) =>
        Assert.Equal(objectClass, Parse(Full).Find(camera)?.Class);

    [Fact]
    public void A_camera_that_nothing_matches_has_no_profile() =>
        Assert.Null(Parse("""{ "schemaVersion": 1, "cameras": { "line*": {} } }""").Find("door"));

    [Fact]
    public void The_published_schema_accepts_what_is_read() =>
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("cameras.schema.json"), Full));

    [Theory]
    [InlineData("""{ "treshold": 0.5 }""", "Camera 'c' in f.json", "treshold")]
    [InlineData("""{ "threshold": "high" }""", "Camera 'c' in f.json: field 'threshold' is \"high\"", "cameras.schema.json")]
    [InlineData("""{ "threshold": 1 }""", "Camera 'c' in f.json: 'threshold' is 1", "above 0 and below 1, or leave it out")]
    [InlineData("""{ "domain": "nuclear" }""", "Camera 'c' in f.json: field 'domain' is \"nuclear\"", "cameras.schema.json")]
    [InlineData("""{ "class": "" }""", "'class' is ''", "name the object")]
    [InlineData("""{ "class": "MVTec/spoon" }""", "'class' is 'MVTec/spoon'", "its classes are")]
    [InlineData("""{ "minRegion": 2 }""", "'minRegion' is 2", "0 to 1")]
    [InlineData("""{ "ignore": [[[0, 0], [1, 1]]] }""", "'ignore[0]' is a polygon of 2 corners", "at least three")]
    [InlineData("""{ "ignore": [[[0, 0], [1, 1], [0, 7]]] }""", "'ignore[0]' has the corner [0, 7]", "shares of width and height")]
    [InlineData("""{ "ignore": [[[0, 0], [1, 1], [0]]] }""", "'ignore[0]' has the corner [0]", "shares of width and height")]
    [InlineData("""{ "ignore": [[[0, 0], [1, 0], [1, 1], [0, 1]]] }""", "'ignore' is the whole image", "leave a part")]
    [InlineData("""{ "skip": [""] }""", "'skip' is an empty pattern", "'*.tmp'")]
    [InlineData("""{ "part": "" }""", "'part' is ''", "1 to 500 characters, or leave it out")]
    [InlineData("""{ "part": "([a-z" }""", "'part' is '([a-z'", "expected a regular expression, but Invalid pattern")]
    [InlineData("""{ "part": "^[0-9]+" }""", "'part' is '^[0-9]+'", "with a group (?<part>…)")]
    [InlineData("""{ "part": 7 }""", "field 'part' is 7", "cameras.schema.json")]
    [InlineData("""{ "alert": { "severityBands": [{ "name": "low" }] } }""", "missing required", "minCalibrated")]
    [InlineData("""{ "alert": { "severityBands": [] } }""", "'alert.severityBands' is empty", "at least one")]
    [InlineData("""{ "alert": { "severityBands": [{ "name": "a b", "minCalibrated": 0 }] } }""", "a band called 'a b'", "letters, digits")]
    [InlineData(
        """{ "alert": { "severityBands": [{ "name": "a", "minCalibrated": 0.6 }, { "name": "b", "minCalibrated": 0.6 }] } }""",
        "0.6 for 'b'",
        "ascending order"
    )]
    [InlineData("""{ "alert": { "confirm": { "n": 3, "m": 2 } } }""", "'alert.confirm' is 3 of 2", "n of m")]
    [InlineData("""{ "alert": { "coolDownSeconds": -1 } }""", "'alert.coolDownSeconds' is -1", "0 to 604800")]
    [InlineData("""{ "generated": { "model": "c2p" } }""", "'generated.model' is 'c2p'", "name@version of a published check")]
    [InlineData("""{ "generated": { "model": "c2p@1", "threshold": 0 } }""", "'generated.threshold' is 0", "above 0, at most 1")]
    [InlineData("""{ "generated": { "model": "c2p@1", "alpha": 2 } }""", "'generated.alpha' is 2", "a share above 0")]
    [InlineData("""{ "generated": { "model": "c2p@1", "levels": [[0.1, 0.5], [0.2, 0.6]] } }""", "has [0.2, 0.6]", "falling p-values")]
    [InlineData("""{ "generated": { "model": "c2p@1", "levels": [[0.1, 0.5, 1]] } }""", "has [0.1, 0.5, 1]", "[p-value, probability]")]
    [InlineData("""{ "generated": { "threshold": 0.5 } }""", "missing required", "model")]
    [InlineData("""{ "tiles": "3" }""", "'tiles' is '3'", "a grid of columns and rows such as '3x2'")]
    [InlineData("""{ "tiles": "9x8" }""", "'tiles' is '9x8'", "64 tiles in all")]
    [InlineData("""{ "tiles": "17x1" }""", "'tiles' is '17x1'", "at most 16 along a side")]
    [InlineData("""{ "tiles": "0x2" }""", "'tiles' is '0x2'", "or leave it out")]
    [InlineData("""{ "tiles": 3 }""", "field 'tiles' is 3", "cameras.schema.json")]
    [InlineData("""{ "tileOverlap": 0.6 }""", "'tileOverlap' is 0.6", "0 to 0.5")]
    [InlineData("""{ "first": { "settles": 0.1 } }""", "missing required", "model")]
    [InlineData("""{ "first": { "model": "small@1" } }""", "missing required", "settles")]
    [InlineData("""{ "first": { "model": "small", "settles": 0.1 } }""", "'first.model' is 'small'", "name@version of a published package")]
    [InlineData("""{ "first": { "model": "s@1", "settles": 0.1, "against": "" } }""", "'first.against' is ''", "name@version")]
    [InlineData("""{ "first": { "model": "s@1", "settles": 1 } }""", "'first.settles' is 1", "see 'aaclip calibrate --first'")]
    [InlineData("""{ "first": { "model": "s@1", "settles": 0.1, "bound": 0 } }""", "'first.bound' is 0", "or leave it out")]
    [InlineData("""{ "first": { "model": "s@1", "settles": 0.1, "share": 1 } }""", "field 'first", "share")]
    [InlineData("""{ "alert": { "smooth": 4 } }""", "'alert.smooth' is 4", "an odd number of images, 1 to 99")]
    [InlineData("""{ "alert": { "smooth": 101 } }""", "'alert.smooth' is 101", "an odd number of images, 1 to 99")]
    [InlineData("""{ "alert": { "closeAfterNormal": 0 } }""", "'alert.closeAfterNormal' is 0", "1 to 1000")]
    public void A_bad_profile_is_refused_with_camera_field_value_and_remedy(string profile, string culprit, string remedy)
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            Parse($$"""{ "schemaVersion": 1, "cameras": { "c": {{profile}} } }""")
        );

        Assert.Contains(culprit, e.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, e.Message, StringComparison.Ordinal);
        Assert.Contains("Camera 'c' in f.json", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not json", "f.json is not JSON")]
    [InlineData("{}", "f.json has no object 'cameras'")]
    [InlineData("""{ "cameras": {} }""", "f.json has no 'schemaVersion'")]
    [InlineData("""{ "schemaVersion": 9, "cameras": {} }""", "schemaVersion 9; this program reads up to 1: update it")]
    [InlineData("""{ "schemaVersion": 1, "cameras": {}, "line1": {} }""", "unknown field 'line1': profiles belong under 'cameras'")]
    [InlineData("""{ "schemaVersion": 1, "cameras": { "a/b": {} } }""", "names a camera 'a/b'")]
    [InlineData("""{ "schemaVersion": 1, "cameras": { "a": {}, "a": {} } }""", "f.json is not JSON")]
    public void A_broken_file_is_refused_with_what_was_found(string json, string message)
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Parse(json));

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.tmp", "*.tmp")]
    [InlineData("day/A.TMP", "*.tmp")]
    [InlineData("x.jpg.part", "*.part")]
    [InlineData("a.jpg", null)]
    [InlineData("tmp", null)]
    public void Names_of_unfinished_uploads_are_skipped_by_default(string path, string? pattern) =>
        Assert.Equal(pattern, CameraProfile.Default.SkippedBy(path));

    private static CameraSet Parse(string json) => CameraSet.Parse(Encoding.UTF8.GetBytes(json), "f.json");
}
