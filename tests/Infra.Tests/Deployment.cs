using System.Text.Json;

namespace AaClip.Infra.Tests;

/// <summary>The resources of one deployment.</summary>
internal sealed class Deployment(JsonElement snapshot)
{
    public const string Account = "Microsoft.Storage/storageAccounts";
    public const string App = "Microsoft.App/containerApps";
    public const string Assignment = "Microsoft.Authorization/roleAssignments";
    public const string Container = "Microsoft.Storage/storageAccounts/blobServices/containers";
    public const string SignIn = "Microsoft.App/containerApps/authConfigs";
    public const string Environment = "Microsoft.App/managedEnvironments";
    public const string Identity = "Microsoft.ManagedIdentity/userAssignedIdentities";
    public const string Insights = "Microsoft.Insights/components";
    public const string LogRule = "Microsoft.Insights/scheduledQueryRules";
    public const string MetricRule = "Microsoft.Insights/metricAlerts";
    public const string Queue = "Microsoft.Storage/storageAccounts/queueServices/queues";
    public const string Registry = "Microsoft.ContainerRegistry/registries";
    public const string ServiceBus = "Microsoft.ServiceBus/namespaces";
    public const string Workspace = "Microsoft.OperationalInsights/workspaces";

    private const string Group = "/resourceGroups/rg/providers/";

    /// <summary>The whole snapshot as JSON text.</summary>
    public string Text { get; } = snapshot.GetRawText();

    public IEnumerable<JsonElement> All(string type) => snapshot.Items("predictedResources").Where(r => r.Text("type") == type);

    /// <summary>The only resource of a type whose name ends with a text.</summary>
    public JsonElement One(string type, string nameEnd = "") =>
        Assert.Single(All(type), r => r.Text("name").EndsWith(nameEnd, StringComparison.Ordinal));

    /// <summary>The account of the data, or of the Functions host.</summary>
    public JsonElement AccountOf(bool host) =>
        Assert.Single(All(Account), a => a.Text("name").Contains("host", StringComparison.Ordinal) == host);

    /// <summary>An app: "scorer", "router" or "review".</summary>
    public AppResource AppOf(string name) => new(One(App, "-" + name));

    /// <summary>Roles of an app's identity: id and scope, such as "Microsoft.Storage/storageAccounts/name".</summary>
    public (string Role, string Scope)[] GrantsOf(string app) =>
        GrantsTo($"userAssignedIdentities/{One(Identity, "-" + app).Text("name")}'");

    /// <summary>Roles of the identity of a resource: id and scope.</summary>
    public (string Role, string Scope)[] GrantsTo(string principal) =>
        [
            .. from assignment in AssignmentsTo(principal)
            let role = assignment.Text("properties.roleDefinitionId").Split('/')[^1]
            let scope = assignment.Text("id").Split("/providers/Microsoft.Authorization/")[0].Split(Group)[^1]
            select (role, scope),
        ];

    /// <summary>Role assignments of the identity of a resource.</summary>
    public IEnumerable<JsonElement> AssignmentsTo(string principal) =>
        All(Assignment).Where(a => a.Text("properties.principalId").Contains(principal, StringComparison.Ordinal));
}
