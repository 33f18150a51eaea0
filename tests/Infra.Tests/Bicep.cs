using System.Text.Json;
using AaClip.Tests;

[assembly: AssemblyFixture(typeof(AaClip.Infra.Tests.Bicep))]

namespace AaClip.Infra.Tests;

/// <summary>
/// infra/bicep, compiled once for all tests: for each parameter file the resources that a deployment would create, as the compiler
/// predicts them ("snapshot"). Values that only Azure knows stay expressions in square brackets.
/// </summary>
public sealed class Bicep : IAsyncLifetime
{
    // Changes every parameter that the three files leave at its default.
    private const string Unusual = """
        using 'main.bicep'
        param prefix = 'odd'
        param deployApps = true
        param sftp = true
        param gpuProfile = 'NC96-A100'
        param gpuMaxNodes = 2
        param privateNetworking = true
        param useTopic = false
        param imagesDays = 7
        param settings = { Limits__MaxPixels: '1000', Model__Threads: '2' }
        param vaultSettings = { Alert__WebhookSecret: 'https://odd.vault.azure.net/secrets/webhook' }
        param reviewClientId = '11111111-2222-3333-4444-555555555555'
        param reviewTenantId = '66666666-7777-8888-9999-000000000000'
        param reviewVaultAddress = 'https://odd.vault.azure.net/secrets/review'
        param openReview = true
        """;

    private const string UnknownProfile = """
        using 'main.bicep'
        param deployApps = true
        param prefix = 'odd'
        param gpuProfile = 'NC7-Unheard'
        """;

    // Without --no-restore, modules from a registry would be fetched.
    private static readonly string[] Build = ["build", "main.bicep", "--no-restore", "--stdout"];

    // Names that Azure would provide are fixed: with them the compiler predicts all resources.
    private static readonly string[] Snapshot =
    [
        "snapshot",
        "--mode",
        "overwrite",
        "--subscription-id",
        Guid.Empty.ToString(),
        "--resource-group",
        "rg",
        "--location",
        "westus3",
        "--deployment-name",
        "main",
    ];

    /// <summary>Client id that people sign in to, in the deployments by azd and in <see cref="Odd"/>.</summary>
    internal const string ReviewClient = "11111111-2222-3333-4444-555555555555";

    private static readonly Dictionary<string, string> Images = new()
    {
        ["AACLIP_REVIEW_CLIENT_ID"] = ReviewClient,
        ["SERVICE_REVIEW_IMAGE_NAME"] = "reg.example.net/review:1",
        ["SERVICE_SCORER_IMAGE_NAME"] = "reg.example.net/scorer:1",
        ["SERVICE_ROUTER_IMAGE_NAME"] = "reg.example.net/router:1",
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("bicep-").FullName;

    /// <summary>Folder of the sources.</summary>
    internal static string Source { get; } = Path.Combine(Parity.RepositoryRoot, "infra", "bicep");

    /// <summary>A copy of the sources, to which tests add files.</summary>
    internal string Folder => _folder;

    /// <summary>The runs, by name.</summary>
    internal IReadOnlyDictionary<string, Run> Runs { get; private set; } = new Dictionary<string, Run>();

    /// <summary>dev.bicepparam.</summary>
    internal Deployment Dev { get; private set; } = null!; // tests run after InitializeAsync

    /// <summary>prod.bicepparam.</summary>
    internal Deployment Prod { get; private set; } = null!;

    /// <summary>azd.bicepparam before there are images.</summary>
    internal Deployment AzdFirst { get; private set; } = null!;

    /// <summary>azd.bicepparam once the images are in the registry.</summary>
    internal Deployment AzdSecond { get; private set; } = null!;

    /// <summary>azd.bicepparam once the apps are there.</summary>
    internal Deployment AzdThird { get; private set; } = null!;

    /// <summary>A deployment with parameters that the parameter files do not use.</summary>
    internal Deployment Odd { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        foreach (string file in Directory.EnumerateFiles(Source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(_folder, Path.GetRelativePath(Source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!); // a file has a folder
            File.Copy(file, copy);
        }

        await File.WriteAllTextAsync(Path.Combine(_folder, "odd.bicepparam"), Unusual);
        await File.WriteAllTextAsync(Path.Combine(_folder, "unknown.bicepparam"), UnknownProfile);
        File.Copy(Path.Combine(_folder, "azd.bicepparam"), Path.Combine(_folder, "azd2.bicepparam"));
        File.Copy(Path.Combine(_folder, "azd.bicepparam"), Path.Combine(_folder, "azd3.bicepparam"));
        (string Name, Dictionary<string, string> Environment)[] files =
        [
            ("main", []),
            ("dev", []),
            ("prod", new() { ["AACLIP_ALERT_EMAIL"] = "ops@example.com" }),
            ("odd", []),
            ("unknown", []),
            ("azd", new() { ["AACLIP_REVIEW_CLIENT_ID"] = ReviewClient }),
            ("azd2", Images),
            (
                "azd3",
                new(Images)
                {
                    ["AACLIP_APPS_EXIST"] = "true",
                    ["AACLIP_REVIEW_EXISTS"] = "true",
                    ["AACLIP_GPU_PROFILE"] = "Consumption-GPU-NC24-A100",
                }
            ),
        ];
        Dictionary<string, Run> runs = [];
        await Parallel.ForEachAsync(
            files,
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            async (file, _) =>
            {
                string[] arguments = file.Name == "main" ? Build : [.. Snapshot, $"{file.Name}.bicepparam"];
                Run run = await Compiler.RunAsync(_folder, file.Environment, arguments);
                lock (runs)
                    runs.Add(file.Name, run);
            }
        );
        Runs = runs;
        (Dev, Prod, AzdFirst, AzdSecond, AzdThird, Odd) = (Read("dev"), Read("prod"), Read("azd"), Read("azd2"), Read("azd3"), Read("odd"));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return default;
    }

    private Deployment Read(string name)
    {
        string file = Path.Combine(_folder, name + ".snapshot.json");
        if (!File.Exists(file))
            throw new InvalidOperationException($"The compiler made nothing of {name}.bicepparam: {Runs[name].Errors}");
        return new Deployment(JsonDocument.Parse(File.ReadAllBytes(file)).RootElement);
    }
}
