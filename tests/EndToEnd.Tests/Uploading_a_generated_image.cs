using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.EndToEnd.Tests;

public class Uploading_a_generated_image(AzuriteFixture azurite)
{
    [Fact]
    public async Task Gives_a_result_that_says_so_and_one_alert_while_another_camera_is_not_checked()
    {
        await using Site site = await Site.OpenAsync(azurite);
        ModelRepository repository = new(site.Storage, Options.Create(new ModelOptions()), NullLogger<ModelRepository>.Instance);
        string check = await repository.PublishAsync(TinyPackage.Check(3), cancellation: TestContext.Current.CancellationToken);
        await site.SetCamerasAsync(
            $$"""
            { "schemaVersion": 1, "cameras": { "line1": { "threshold": 0.999, "generated": { "model": "{{check}}" } },
              "line2": { "threshold": 0.999 } } }
            """
        );
        await site.StartWorkerAsync();

        string etag = await site.DropAsync("line1/a.png", seed: 1),
            other = await site.DropAsync("line2/a.png", seed: 1);
        ResultDocument result = await site.ResultAsync("line1/a.png", etag),
            plain = await site.ResultAsync("line2/a.png", other);
        _ = await site.AlertsAsync(1);
        await site.QuietAsync();
        AlertEvent alert = Assert.Single(await site.PeekAlertsAsync());

        Assert.Equal(
            (check, PictureOrigin.Generated, 0.5),
            (result.Generated!.Model, result.Generated.Verdict, result.Generated.Threshold)
        );
        Assert.Equal((Verdict.Normal, Verdict.Normal), (result.Score.Verdict, plain.Score.Verdict));
        Assert.Equal(result.Score, plain.Score);
        Assert.Null(plain.Generated);
        Assert.Equal(
            ("aaclip.generated.flagged", "line1", "line1/a.png", etag),
            (alert.Envelope.Type, alert.Envelope.Subject, alert.Generated!.Image.Blob, alert.Generated.Image.ETag)
        );
    }
}
