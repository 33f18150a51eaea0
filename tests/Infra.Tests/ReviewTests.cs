using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;

namespace AaClip.Infra.Tests;

/// <summary>The review page in Azure: off by default, never without a sign-in, and with the least roles.</summary>
public partial class ReviewTests(Bicep bicep)
{
    // Built-in roles (learn.microsoft.com, Azure built-in roles).
    private const string BlobReader = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
    private const string BlobContributor = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
    private const string QueueReader = "19e7f393-937e-4f77-808e-94535e297925";
    private const string TableContributor = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3";
    private const string ImagePull = "7f951dda-4ed3-4680-a7ca-43fe172d538d";

    private Deployment[] WithPage => [bicep.AzdSecond, bicep.AzdThird, bicep.Odd];

    [Fact]
    public void Without_a_client_id_there_is_no_page_and_no_identity_of_it()
    {
        foreach (Deployment deployment in (Deployment[])[bicep.Dev, bicep.Prod])
        {
            Assert.Equal(2, deployment.All(Deployment.App).Count());
            Assert.Equal(2, deployment.All(Deployment.Identity).Count());
            Assert.Empty(deployment.All(Deployment.SignIn));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("aaclip-review")]
    public async Task The_module_of_the_page_refuses_what_is_no_client_id(string clientId)
    {
        string file = Path.Combine(bicep.Folder, Path.GetRandomFileName() + ".bicep");
        string text = $"module page 'modules/review.bicep' = {{\n  params: {{\n    clientId: '{clientId}'\n  }}\n}}";
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

        Run run = await Compiler.RunAsync(bicep.Folder, new Dictionary<string, string>(), "lint", file);

        Assert.Contains(".bicep(3,15) : Error BCP333", run.Errors, StringComparison.Ordinal); // too short
    }

    [Fact]
    public void A_page_lets_only_people_of_the_tenant_in_who_have_signed_in_to_its_registration()
    {
        foreach (Deployment deployment in WithPage)
        {
            JsonElement signIn = deployment.One(Deployment.SignIn);
            JsonElement entra = signIn.At("properties.identityProviders.azureActiveDirectory");

            Assert.Equal(deployment.AppOf("review").Json.Text("id") + "/authConfigs/current", signIn.Text("id"));
            Assert.True(signIn.Flag("properties.platform.enabled"));
            Assert.Equal("RedirectToLoginPage", signIn.Text("properties.globalValidation.unauthenticatedClientAction"));
            Assert.False(signIn.At("properties.globalValidation").TryGetProperty("excludedPaths", out _));
            Assert.True(signIn.Flag("properties.httpSettings.requireHttps"));
            Assert.Single(signIn.At("properties.identityProviders").EnumerateObject());
            Assert.True(entra.Flag("enabled"));
            Assert.Equal(Bicep.ReviewClient, entra.Text("registration.clientId"));
            Assert.Equal([Bicep.ReviewClient], entra.Texts("validation.defaultAuthorizationPolicy.allowedApplications"));
            string tenant = deployment == bicep.Odd ? "'66666666-7777-8888-9999-000000000000'" : "tenant().tenantId";
            Assert.Equal($"[format('{{0}}{{1}}/v2.0', {LoginEndpoint}, {tenant})]", entra.Text("registration.openIdIssuer"));
        }
    }

    [Fact]
    public void People_reach_the_page_over_HTTPS_once_its_sign_in_is_there()
    {
        Assert.Equal([false, true, true], WithPage.Select(d => Ingress(d).Flag("external")));
        Assert.All(WithPage, d => Assert.False(Ingress(d).Flag("allowInsecure")));

        static JsonElement Ingress(Deployment deployment) => deployment.AppOf("review").Json.At("properties.configuration.ingress");
    }

    [Fact]
    public void The_registration_trusts_the_identity_of_the_page_unless_its_secret_is_in_a_key_vault()
    {
        JsonElement trusted = Assert.Single(bicep.AzdThird.AppOf("review").Secrets);
        JsonElement vault = Assert.Single(bicep.Odd.AppOf("review").Secrets);

        Assert.Equal("override-use-mi-fic-assertion-client-id", trusted.Text("name")); // the name makes it an identity
        Assert.Matches(@"^\[reference\('.*/userAssignedIdentities/aaclip-review', '[0-9-]+'\)\.clientId\]$", trusted.Text("value"));
        Assert.Equal("https://odd.vault.azure.net/secrets/review", vault.Text("keyVaultUrl"));
        Assert.EndsWith("/odd-review", vault.Text("identity"), StringComparison.Ordinal);
        Assert.False(vault.TryGetProperty("value", out _));
        Assert.Equal(trusted.Text("name"), SecretName(bicep.AzdThird));
        Assert.Equal(vault.Text("name"), SecretName(bicep.Odd));

        static string SecretName(Deployment deployment) =>
            deployment
                .One(Deployment.SignIn)
                .Text("properties.identityProviders.azureActiveDirectory.registration.clientSecretSettingName");
    }

    [Fact]
    public void The_identity_of_the_page_may_do_this_and_no_more_already_before_the_app_is_there()
    {
        Assert.Empty(bicep.AzdFirst.All(Deployment.App));
        foreach (Deployment deployment in (Deployment[])[bicep.AzdFirst, bicep.AzdThird])
        {
            string data = "Microsoft.Storage/storageAccounts/" + deployment.AccountOf(host: false).Text("name");
            string[] read = [ContainerNames.Images, ContainerNames.Results, ContainerNames.Heatmaps, ContainerNames.Maps];
            (string, string)[] expected =
            [
                .. read.Select(c => (BlobReader, $"{data}/blobServices/default/containers/{c}")),
                (BlobContributor, $"{data}/blobServices/default/containers/{ContainerNames.Config}"),
                (BlobContributor, $"{data}/blobServices/default/containers/{ContainerNames.State}"),
                .. QueueNames.All.Select(q => (QueueReader, $"{data}/queueServices/default/queues/{q}")),
                (TableContributor, data),
                (ImagePull, $"{Deployment.Registry}/{deployment.One(Deployment.Registry).Text("name")}"),
            ];

            Assert.Equal(expected.Order(), deployment.GrantsOf("review").Order());
        }
    }

    [Theory]
    [InlineData(ContainerNames.Config, CameraProfiles.Blob, "cameras/*")] // not models.json, which says which model runs
    [InlineData(ContainerNames.State, "alerts/*")]
    public void The_page_may_change_camera_profiles_and_alerts_and_no_other_blob(string container, params string[] blobs)
    {
        JsonElement grant = Assert.Single(
            bicep.AzdThird.AssignmentsTo("userAssignedIdentities/aaclip-review'"),
            g => g.Text("id").Contains($"/containers/{container}/", StringComparison.Ordinal)
        );
        string condition = grant.Text("properties.condition");

        Assert.Equal("2.0", grant.Text("properties.conditionVersion"));
        Assert.Equal(blobs, Pattern().Matches(condition).Select(m => m.Groups[1].Value));
        foreach (string change in (string[])["write", "add/action", "move/action", "delete"])
            Assert.Contains($"!(ActionMatches{{'{Deployment.Container}/blobs/{change}'}})", condition, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_is_small_stops_when_nobody_looks_and_reaches_the_data_with_its_identity()
    {
        foreach (Deployment deployment in WithPage)
        {
            AppResource app = deployment.AppOf("review");
            string account = deployment.AccountOf(host: false).Text("name");

            Assert.Equal("0.5", app.Container.At("resources.cpu").GetDouble().ToString(CultureInfo.InvariantCulture));
            Assert.Equal("1Gi", app.Container.Text("resources.memory"));
            Assert.Equal((0, 2), (app.Scale.Number("minReplicas"), app.Scale.Number("maxReplicas")));
            Assert.EndsWith("-review", Assert.Single(app.Json.At("identity.userAssignedIdentities").EnumerateObject()).Name);
            string[] services = ["blob", "queue", "table"];
            Assert.All(services, s => Assert.Contains($".{s}.{{1}}', '{account}'", app.Settings[$"DataStorage__{s}ServiceUri"]));
            Assert.Equal("managedidentity", app.Settings["DataStorage__credential"]);
            Assert.Contains("-review'", app.Settings["DataStorage__clientId"], StringComparison.Ordinal);
            Assert.DoesNotContain("AzureWebJobsStorage", app.Json.GetRawText(), StringComparison.Ordinal);
        }
    }

    private const string LoginEndpoint = "environment().authentication.loginEndpoint";

    [GeneratedRegex("StringLike '([^']*)'")]
    private static partial Regex Pattern();
}
