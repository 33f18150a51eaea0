using System.Text.Json;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Infra.Tests;

/// <summary>The two storage accounts, the events of images, and the limits of access.</summary>
public class StorageTests(Bicep bicep)
{
    private const string Undelivered = "undelivered-events";
    private const string Endpoint = "Microsoft.Network/privateEndpoints";
    private const string ZoneLink = "Microsoft.Network/privateDnsZones/virtualNetworkLinks";

    [Fact]
    public void Queues_and_containers_are_those_of_the_code_and_are_in_the_account_of_the_data()
    {
        string data = bicep.Dev.AccountOf(host: false).Text("name") + "/default/";

        Assert.Equal(ContainerNames.All.Append(Undelivered).Order(), Names(Deployment.Container));
        Assert.Equal(QueueNames.All.Order(), Names(Deployment.Queue));

        // Resources of another account keep their full names.
        IEnumerable<string> Names(string type) => bicep.Dev.All(type).Select(r => r.Text("name")).Select(n => n.Split(data)[^1]).Order();
    }

    [Fact]
    public void Keys_are_off_everywhere_and_no_secret_is_passed_on()
    {
        foreach (Deployment deployment in (Deployment[])[bicep.Dev, bicep.Prod, bicep.AzdThird, bicep.Odd])
        {
            Assert.All(deployment.All(Deployment.Account), a => Assert.False(a.Flag("properties.allowSharedKeyAccess")));
            Assert.All(deployment.All(Deployment.Account), a => Assert.False(a.Flag("properties.allowBlobPublicAccess")));
            Assert.All(deployment.All(Deployment.ServiceBus), b => Assert.True(b.Flag("properties.disableLocalAuth")));
            Assert.False(deployment.One(Deployment.Registry).Flag("properties.adminUserEnabled"));
            Assert.True(deployment.One(Deployment.Insights).Flag("properties.DisableLocalAuth"));
            Assert.True(deployment.One(Deployment.Workspace).Flag("properties.features.disableLocalAuth"));
            foreach (string key in (string[])["AccountKey", "SharedAccess", "listKeys", "listCredentials", "sharedKey\""])
                Assert.DoesNotContain(key, deployment.Text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void Only_images_and_outputs_are_deleted_by_age()
    {
        JsonElement[] rules = bicep.Odd.One("Microsoft.Storage/storageAccounts/managementPolicies").Items("properties.policy.rules");

        IEnumerable<string> deleted = rules.SelectMany(r => r.Texts("definition.filters.prefixMatch"));

        Assert.Equal(["features/", "heatmaps/", "images/", "jobs/", "maps/", "results/", "timelines/"], deleted.Order());
    }

    [Fact]
    public void Only_the_data_account_can_have_a_hierarchical_namespace_and_sftp()
    {
        Assert.Equal((false, false), Switches(bicep.Dev));
        Assert.Equal((true, true), Switches(bicep.Odd));
        // The Functions host does not run on an account with a hierarchical namespace.
        Assert.False(bicep.Odd.AccountOf(host: true).At("properties").TryGetProperty("isHnsEnabled", out _));

        static (bool, bool) Switches(Deployment deployment)
        {
            JsonElement account = deployment.AccountOf(host: false);
            return (account.Flag("properties.isHnsEnabled"), account.Flag("properties.isSftpEnabled"));
        }
    }

    [Fact]
    public void With_private_networking_every_service_that_the_apps_use_has_an_endpoint_and_refuses_the_rest()
    {
        string[] storage = ["blob of data", "blob of host", "queue of data", "table of data", "table of host"];

        Assert.Empty(Endpoints(bicep.Dev));
        Assert.Equal(storage.Append("dfs of data").Order(), Endpoints(bicep.Odd));
        Assert.Equal(storage.Append("namespace of bus").Order(), Endpoints(bicep.Prod));
        Assert.All(bicep.Prod.All(Deployment.Account), a => Assert.Equal("Deny", a.Text("properties.networkAcls.defaultAction")));
        Assert.Equal("Disabled", bicep.Prod.One(Deployment.ServiceBus).Text("properties.publicNetworkAccess"));
        Assert.Equal("Premium", bicep.Prod.One(Deployment.ServiceBus).Text("sku.name")); // the others have no private endpoints
        Assert.All(bicep.Prod.All(ZoneLink).GroupBy(l => l.Text("id")), l => Assert.Single(l)); // a network has one link to a zone

        static IEnumerable<string> Endpoints(Deployment deployment) =>
            from endpoint in deployment.All(Endpoint)
            from connection in endpoint.Items("properties.privateLinkServiceConnections")
            let target = connection.Text("properties.privateLinkServiceId")
            let kind = target == deployment.AccountOf(host: true).Text("id") ? "host"
            : target == deployment.AccountOf(host: false).Text("id") ? "data"
            : target == deployment.One(Deployment.ServiceBus).Text("id") ? "bus"
            : target
            from service in connection.Texts("properties.groupIds")
            orderby $"{service} of {kind}"
            select $"{service} of {kind}";
    }

    [Fact]
    public void An_event_is_sent_for_every_image_never_expires_and_is_kept_if_it_cannot_be_delivered()
    {
        JsonElement subscription = bicep.Dev.One("Microsoft.EventGrid/systemTopics/eventSubscriptions").At("properties");
        string hostFile = Path.Combine(Parity.RepositoryRoot, "src", "Functions", "host.json");
        using JsonDocument host = JsonDocument.Parse(File.ReadAllText(hostFile));

        Assert.Equal($"/blobServices/default/containers/{ContainerNames.Images}/", subscription.Text("filter.subjectBeginsWith"));
        Assert.Equal(["Microsoft.Storage.BlobCreated"], subscription.Texts("filter.includedEventTypes"));
        JsonElement queue = subscription.At("deliveryWithResourceIdentity.destination.properties");
        Assert.Equal((QueueNames.Uploads, -1), (queue.Text("queueName"), queue.Number("queueMessageTimeToLiveInSeconds"))); // -1: never
        Assert.Equal(bicep.Dev.AccountOf(host: false).Text("id"), queue.Text("resourceId"));
        Assert.Equal(30, subscription.Number("retryPolicy.maxDeliveryAttempts")); // the most
        Assert.Equal(1440, subscription.Number("retryPolicy.eventTimeToLiveInMinutes")); // the most
        Assert.Equal(Undelivered, subscription.Text("deadLetterWithResourceIdentity.deadLetterDestination.properties.blobContainerName"));
        Assert.Equal("base64", host.RootElement.Text("extensions.queues.messageEncoding")); // as Event Grid writes
    }
}
