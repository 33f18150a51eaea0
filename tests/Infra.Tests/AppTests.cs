using System.Text.Json;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Infra.Tests;

/// <summary>Scorer and router: their functions, scale rules, settings and probes.</summary>
public class AppTests(Bicep bicep)
{
    private static readonly string[] Apps = ["scorer", "router"];

    // Of azd: these and the review page.
    private static readonly string[] Services = [.. Apps, "review"];

    // Settings of the Functions host, of a client's identity or of OpenTelemetry; the sample does not have them.
    private static readonly string[] OfTheHost =
    [
        "AzureWebJobsSecretStorageType",
        "AzureFunctionsWebHost__hostid",
        "OTEL_SERVICE_NAME",
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    ];

    // Settings whose names continue after "__" when an identity replaces a key.
    private static readonly string[] Connections = ["AzureWebJobsStorage", StorageConnection.Setting, "ServiceBus"];

    // Settings of an app that differ from the sample on purpose.
    private static readonly string[] OnPurpose =
    [
        "Model__Path",
        "Model__Load",
        "Model__Provider",
        "Alert__Topic",
        "Alert__LinkBase",
        "Alert__Source",
    ];

    [Fact]
    public void Every_function_runs_in_one_app_and_the_probes_in_both()
    {
        string[] all = [.. FunctionList.Names.Except(FunctionList.Everywhere)];
        string[] scorer = [.. all.Except(bicep.Dev.AppOf("scorer").Disabled)];
        string[] router = [.. all.Except(bicep.Dev.AppOf("router").Disabled)];

        Assert.Equal(all.Order(), scorer.Concat(router).Order());
        Assert.All(Apps, a => Assert.Empty(bicep.Dev.AppOf(a).Disabled.Except(all)));
        Assert.Equal(["ScoreBulk", "ScoreImage"], scorer.Order());
    }

    [Fact]
    public void Every_queue_that_triggers_a_function_scales_the_app_that_runs_it()
    {
        foreach (AppResource app in Apps.Select(bicep.Dev.AppOf))
        {
            Assert.Equal(app.Reads.Order(), app.QueueRules.Select(r => r.Text("metadata.queueName")).Order());
            Assert.True(app.Scale.Flag("allowScalingRuleOverride"));
        }

        Assert.All(FunctionList.Queues.Values, t => Assert.Equal(StorageConnection.Setting, t.Connection));
    }

    [Fact]
    public void Own_scale_rules_query_the_account_of_the_data_with_the_identity_of_the_app()
    {
        foreach (string name in Apps)
        {
            Assert.All(
                bicep.Prod.AppOf(name).QueueRules,
                r =>
                {
                    Assert.Equal(bicep.Prod.AccountOf(host: false).Text("name"), r.Text("metadata.accountName"));
                    Assert.EndsWith($"/aaclip-{name}", r.Text("identity"), StringComparison.Ordinal);
                }
            );
        }
    }

    [Fact]
    public void Azd_creates_the_apps_once_there_are_images_and_then_gives_them_scale_rules()
    {
        Assert.Empty(bicep.AzdFirst.All(Deployment.App));
        Assert.Equal(Services.Order(), bicep.AzdSecond.All(Deployment.App).Select(a => a.Text("tags.azd-service-name")).Order());
        Assert.All(Apps, a => Assert.False(bicep.AzdSecond.AppOf(a).Scale.Flag("allowScalingRuleOverride")));
        Assert.All(Apps, a => Assert.Empty(bicep.AzdSecond.AppOf(a).Scale.Items("rules")));
        Assert.All(Apps, a => Assert.NotEmpty(bicep.AzdThird.AppOf(a).QueueRules));
        Assert.All(Services, a => Assert.Equal($"reg.example.net/{a}:1", bicep.AzdThird.AppOf(a).Container.Text("image")));
    }

    [Fact]
    public void The_description_for_azd_names_the_apps_and_files_that_exist()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Parity.RepositoryRoot, "azure.yaml"));
        string[] services = [.. lines.SkipWhile(l => l != "services:").Skip(1).TakeWhile(l => l[0] == ' ').Where(l => l[2] != ' ')];
        string[] dockerfiles = [.. lines.Where(l => l.StartsWith("      path: ", StringComparison.Ordinal)).Select(l => l.Split(' ')[7])];

        Assert.Equal(Services, services.Select(s => s.Trim().Split(':')[0]));
        Assert.Equal(Services.Length, dockerfiles.Length);
        Assert.All(dockerfiles, f => Assert.True(File.Exists(Path.Combine(Parity.RepositoryRoot, f)), f));
        Assert.Contains("  module: azd", lines); // azd.bicepparam
        IEnumerable<string> steps = lines.Where(l => l.StartsWith("      - azd: ", StringComparison.Ordinal)).Select(l => l.Split(' ')[8]);
        Assert.Equal(["provision", "publish", "provision", "provision"], steps);
    }

    [Fact]
    public void Settings_are_those_of_the_sample_with_its_defaults()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(Path.Combine(Parity.RepositoryRoot, "local.settings.sample.json")));
        JsonElement values = file.RootElement.At("Values");
        Dictionary<string, string> sample = values.EnumerateObject().ToDictionary(v => v.Name, v => v.Value.ToString());
        HashSet<string> set = [];

        foreach (string name in Apps)
        {
            foreach ((string key, string value) in bicep.Prod.AppOf(name).Settings)
            {
                string connection = key.Split("__")[0];
                bool ours = !AppResource.IsSwitch(key) && !OfTheHost.Contains(key) && !Connections.Contains(connection);
                Assert.True(!ours || sample.ContainsKey(key), $"{key} of the {name} is not in the sample.");
                set.Add(Connections.Contains(connection) ? connection : key);
                if (sample.TryGetValue(key, out string? shown) && !OnPurpose.Contains(key))
                    Assert.True(value == shown, $"{key} of the {name} is '{value}', but '{shown}' by default.");
            }
        }

        foreach ((string key, string value) in sample.Where(s => s.Value.Length > 0))
            Assert.True(set.Contains(key), $"{key} of the sample, '{value}' by default, is not set in functions.bicep.");
    }

    [Fact]
    public void Host_and_data_have_separate_accounts_which_the_app_reaches_with_its_identity()
    {
        string host = bicep.Prod.AccountOf(host: true).Text("name"),
            data = bicep.Prod.AccountOf(host: false).Text("name");
        (string Setting, string Account)[] addresses =
        [
            ("AzureWebJobsStorage__blobServiceUri", host),
            ("AzureWebJobsStorage__tableServiceUri", host),
            ("DataStorage__blobServiceUri", data),
            ("DataStorage__queueServiceUri", data),
            ("DataStorage__tableServiceUri", data),
        ];

        foreach (string name in Apps)
        {
            AppResource app = bicep.Prod.AppOf(name);
            Assert.All(addresses, a => Assert.Contains($"'{a.Account}'", app.Settings[a.Setting], StringComparison.Ordinal));
            string identity = Assert.Single(app.Json.At("identity.userAssignedIdentities").EnumerateObject()).Name;
            Assert.EndsWith($"/userAssignedIdentities/aaclip-{name}", identity, StringComparison.Ordinal);
            Assert.Equal(identity, Assert.Single(app.Json.Items("properties.configuration.registries")).Text("identity"));
            string[] clients = [.. app.Settings.Where(s => IsClient(s.Key)).Select(s => s.Value)];
            Assert.Equal(name == "router" ? 4 : 3, clients.Length); // host, data, telemetry; the topic
            Assert.All(clients, c => Assert.Contains($"reference('{identity}'", c, StringComparison.Ordinal));
        }

        static bool IsClient(string setting) =>
            setting.EndsWith("__clientId", StringComparison.Ordinal) || setting == "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";
    }

    [Fact]
    public void A_secret_stays_in_its_key_vault_and_the_router_alone_reads_it_with_its_identity()
    {
        AppResource router = bicep.Odd.AppOf("router");
        JsonElement secret = Assert.Single(router.Secrets);

        Assert.Equal(new() { ["Alert__WebhookSecret"] = secret.Text("name") }, router.SecretSettings);
        Assert.Equal("https://odd.vault.azure.net/secrets/webhook", secret.Text("keyVaultUrl"));
        Assert.EndsWith("-router", secret.Text("identity"), StringComparison.Ordinal);
        Assert.False(secret.TryGetProperty("value", out _));
        Assert.Empty(bicep.Odd.AppOf("scorer").Secrets);
        Assert.All(Apps, a => Assert.Empty(bicep.Prod.AppOf(a).Secrets));
    }

    [Fact]
    public void Settings_of_the_operator_override_the_defaults()
    {
        Assert.All(Apps, a => Assert.Equal("1000", bicep.Odd.AppOf(a).Settings["Limits__MaxPixels"]));
        Assert.All(Apps, a => Assert.Equal("2", bicep.Odd.AppOf(a).Settings["Model__Threads"]));
        Assert.DoesNotContain("Alert__Topic", bicep.Odd.AppOf("router").Settings.Keys); // useTopic = false
        Assert.DoesNotContain("ServiceBus__fullyQualifiedNamespace", bicep.Odd.AppOf("router").Settings.Keys);
    }

    [Fact]
    public void Only_the_scorer_loads_the_model_and_on_cuda_where_there_is_a_gpu()
    {
        Deployment[] deployments = [bicep.Dev, bicep.Prod, bicep.Odd];

        Assert.Equal(["True Cpu", "True Cuda", "True Cuda"], deployments.Select(d => Model(d, "scorer")));
        Assert.Equal(["False Cpu", "False Cpu", "False Cpu"], deployments.Select(d => Model(d, "router")));

        static string Model(Deployment deployment, string app)
        {
            Dictionary<string, string> settings = deployment.AppOf(app).Settings;
            return $"{settings["Model__Load"]} {settings["Model__Provider"]}";
        }
    }

    [Fact]
    public void The_scorer_has_a_node_of_the_profile_to_itself()
    {
        Assert.Equal("4 8Gi of Consumption", Size(bicep.Dev));
        Assert.Equal("8 56Gi of gpu", Size(bicep.Prod));
        Assert.Equal("24 220Gi of gpu", Size(bicep.AzdThird));
        Assert.Equal("96 880Gi of gpu", Size(bicep.Odd));
        Assert.Equal("""{"name":"gpu","workloadProfileType":"Consumption-GPU-NC8as-T4"}""", Profile(bicep.Prod));
        Assert.Equal("""{"name":"gpu","workloadProfileType":"NC96-A100","minimumCount":0,"maximumCount":2}""", Profile(bicep.Odd));

        static string Size(Deployment deployment)
        {
            AppResource app = deployment.AppOf("scorer");
            JsonElement resources = app.Container.At("resources");
            return $"{resources.At("cpu")} {resources.Text("memory")} of {app.Json.Text("properties.workloadProfileName")}";
        }

        static string Profile(Deployment deployment) =>
            JsonSerializer.Serialize(
                Assert.Single(deployment.One(Deployment.Environment).Items("properties.workloadProfiles"), p => p.Text("name") == "gpu")
            );
    }

    [Theory]
    [InlineData("Startup", "Alive")]
    [InlineData("Liveness", "Alive")]
    [InlineData("Readiness", "Health")]
    public void Probes_call_functions_that_answer_without_a_key(string type, string function)
    {
        HttpTriggerAttribute trigger = FunctionList.Http[function];

        Assert.Equal(AuthorizationLevel.Anonymous, trigger.AuthLevel);
        foreach (AppResource app in Apps.Select(bicep.Dev.AppOf))
        {
            JsonElement probe = app.Probe(type);
            Assert.Equal("/api/" + trigger.Route, probe.Text("httpGet.path"));
            Assert.Equal(app.Json.Number("properties.configuration.ingress.targetPort"), probe.Number("httpGet.port"));
            Assert.InRange(probe.Number("failureThreshold"), 1, 10); // the range that Container Apps allows
        }
    }
}
