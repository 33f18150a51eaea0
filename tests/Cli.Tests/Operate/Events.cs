using System.Globalization;
using System.Text.Json.Nodes;

namespace AaClip.Cli.Tests.Operate;

/// <summary>Alert events as JSON, written by hand according to docs/schemas/alert.schema.json.</summary>
internal static class Events
{
    public static string Opened(string camera, int number)
    {
        string id = number.ToString("x32", CultureInfo.InvariantCulture);
        return new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = $"{id}-1-opened",
            ["source"] = "/aaclip",
            ["type"] = "aaclip.anomaly.opened",
            ["subject"] = camera,
            ["time"] = "2026-01-31T08:00:00Z",
            ["datacontenttype"] = "application/json",
            ["data"] = new JsonObject
            {
                ["schemaVersion"] = 1,
                ["alertId"] = id,
                ["sequence"] = 1,
                ["severity"] = "major",
                ["camera"] = camera,
                ["objectClass"] = "bottle",
                ["model"] = "tiny@1",
                ["openedAt"] = "2026-01-31T08:00:00Z",
                ["images"] = 1,
                ["score"] = new JsonObject
                {
                    ["raw"] = 0.8,
                    ["calibrated"] = 0.75,
                    ["threshold"] = 0.5,
                },
                ["image"] = new JsonObject
                {
                    ["blob"] = $"{camera}/a.png",
                    ["etag"] = "0x1",
                    ["time"] = "2026-01-31T08:00:00Z",
                },
                ["result"] = new JsonObject { ["blob"] = $"tiny@1/{camera}/a.png/0x1.json" },
            },
        }.ToJsonString();
    }
}
