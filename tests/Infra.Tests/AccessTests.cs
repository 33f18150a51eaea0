using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Storage;

namespace AaClip.Infra.Tests;

/// <summary>Roles that the identities of the apps have, and those that they do not have.</summary>
public class AccessTests(Bicep bicep)
{
    // Built-in roles (learn.microsoft.com, Azure built-in roles).
    private const string BlobReader = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
    private const string BlobContributor = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
    private const string BlobOwner = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b";
    private const string QueueReader = "19e7f393-937e-4f77-808e-94535e297925";
    private const string QueueSender = "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a";
    private const string QueueContributor = "974c5e8b-45b9-4653-ba55-5f855dd0fb88";
    private const string TableContributor = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3";
    private const string TopicSender = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39";
    private const string ImagePull = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
    private const string MetricsPublisher = "3913510d-42f4-4e42-8a64-420c390055eb";

    private static readonly string[] Apps = ["scorer", "router"];

    private string Data => "Microsoft.Storage/storageAccounts/" + bicep.Prod.AccountOf(host: false).Text("name");

    private string Host => "Microsoft.Storage/storageAccounts/" + bicep.Prod.AccountOf(host: true).Text("name");

    [Fact]
    public void Only_the_app_that_takes_images_over_HTTP_may_store_images()
    {
        Assert.Equal([BlobContributor], RolesOn("router", Container(ContainerNames.Images)));
        Assert.Equal([BlobReader], RolesOn("scorer", Container(ContainerNames.Images)));
        Assert.DoesNotContain("PushImage", bicep.Prod.AppOf("router").Disabled);
        Assert.Contains("PushImage", bicep.Prod.AppOf("scorer").Disabled);
    }

    [Theory]
    [InlineData(ContainerNames.Models)]
    [InlineData(ContainerNames.Config)]
    public void No_app_may_write_to_models_and_profiles(string container) =>
        Assert.All(Apps, a => Assert.Equal([BlobReader], RolesOn(a, Container(container))));

    [Fact]
    public void The_scorer_may_write_the_outputs_of_scoring_and_no_alerts()
    {
        (string Role, string Scope)[] grants = bicep.Prod.GrantsOf("scorer");

        IEnumerable<string> written = ContainerNames.All.Where(c => grants.Contains((BlobContributor, Container(c))));

        Assert.Equal(
            [ContainerNames.Features, ContainerNames.Heatmaps, ContainerNames.Jobs, ContainerNames.Maps, ContainerNames.Results],
            written.Order()
        );
        Assert.Empty(RolesOn("scorer", Container(ContainerNames.State)));
        Assert.Empty(RolesOn("scorer", Queue(QueueNames.Alerts)));
        Assert.DoesNotContain(TopicSender, grants.Select(g => g.Role));
        string topic = Assert.Single(bicep.Prod.GrantsOf("router"), g => g.Role == TopicSender).Scope;
        Assert.EndsWith("/topics/alerts", topic, StringComparison.Ordinal);
    }

    [Fact]
    public void An_app_may_read_only_the_queues_of_its_functions_and_may_send_to_their_output_and_poison_queues()
    {
        foreach (string app in Apps)
        {
            string[] read = [.. bicep.Prod.AppOf(app).Reads];
            string[] taken = [.. QueueNames.All.Where(q => RolesOn(app, Queue(q)).Contains(QueueContributor))];
            string[] poison = [.. read.Select(q => q + QueueNames.PoisonSuffix).Intersect(QueueNames.All)];
            string[] filled = [.. poison.Concat(bicep.Prod.AppOf(app).Sends).Distinct()];

            string[] hidden = app == "router" ? [QueueNames.Alerts] : []; // it updates messages that it has sent hidden
            Assert.Equal(read.Concat(hidden).Order(), taken.Order());
            Assert.True(poison.Length > 0 && filled.Length > poison.Length);
            Assert.All(filled, q => Assert.NotEmpty(RolesOn(app, Queue(q)).Intersect([QueueSender, QueueContributor])));
        }
    }

    [Fact]
    public void The_router_may_read_the_lengths_of_the_queues_before_it_calls_a_camera_silent() =>
        Assert.All(CameraWatch.Waiting, q => Assert.NotEmpty(RolesOn("router", Queue(q)).Intersect([QueueReader, QueueContributor])));

    [Fact]
    public void An_app_owns_the_account_of_the_host_and_has_only_the_table_role_on_the_whole_data_account()
    {
        foreach (string app in Apps)
        {
            Assert.Equal([Host], bicep.Prod.GrantsOf(app).Where(g => g.Role == BlobOwner).Select(g => g.Scope));
            Assert.Equal([TableContributor], RolesOn(app, Data));
        }
    }

    [Fact]
    public void Each_app_pulls_its_image_and_sends_telemetry()
    {
        foreach (string app in Apps)
        {
            Assert.Equal([Deployment.Registry], KindsOf(app, ImagePull));
            Assert.Equal([Deployment.Insights], KindsOf(app, MetricsPublisher));
        }
    }

    [Fact]
    public void Event_grid_may_send_to_one_queue_and_store_undelivered_events() =>
        Assert.Equal(
            [(QueueSender, Queue(QueueNames.Uploads)), (BlobContributor, Container("undelivered-events"))],
            bicep.Prod.GrantsTo("systemTopics").OrderByDescending(g => g.Role)
        );

    // Types of the resources for which the app has a role.
    private IEnumerable<string> KindsOf(string app, string role) =>
        bicep.Prod.GrantsOf(app).Where(g => g.Role == role).Select(g => g.Scope[..g.Scope.LastIndexOf('/')]);

    private string[] RolesOn(string app, string scope) => [.. bicep.Prod.GrantsOf(app).Where(g => g.Scope == scope).Select(g => g.Role)];

    private string Container(string name) => $"{Data}/blobServices/default/containers/{name}";

    private string Queue(string name) => $"{Data}/queueServices/default/queues/{name}";
}
