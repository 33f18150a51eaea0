using System.Net;
using System.Text.Json;
using AaClip.Pipeline.Storage;
using AaClip.Review;
using AaClip.Review.Api;
using AaClip.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Infra.Tests;

/// <summary>What is in the image of the review page, and what it answers to the platform.</summary>
public class ReviewImageTests(Bicep bicep)
{
    private static readonly string[] Dockerfile = File.ReadAllLines(Path.Combine(Parity.RepositoryRoot, "src", "Review", "Dockerfile"));

    [Fact]
    public async Task Only_the_path_of_the_probes_answers_who_has_not_signed_in()
    {
        JsonElement[] probes = bicep.Odd.AppOf("review").Container.Items("probes");
        string probe = Assert.Single(probes.Select(p => p.Text("httpGet.path")).Distinct());
        await using WebApplication app = Page();
        await app.StartAsync(TestContext.Current.CancellationToken);
        using HttpClient client = new() { BaseAddress = new Uri(app.Urls.Single()) };
        string[] paths = [.. Routes(app).Select(r => r.RoutePattern.RawText ?? "").Distinct()];

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(probe));
        Assert.Contains("/api/session", paths);
        foreach (string path in paths)
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, await StatusAsync(path)));

        async Task<HttpStatusCode> StatusAsync(string path)
        {
            using HttpResponseMessage answer = await client.GetAsync(path, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
    }

    [Fact]
    public void Probes_and_people_come_to_the_port_of_the_image()
    {
        AppResource app = bicep.Odd.AppOf("review");
        int port = app.Json.Number("properties.configuration.ingress.targetPort");

        Assert.Contains($"ENV ASPNETCORE_URLS=http://+:{port}", Dockerfile);
        Assert.All(app.Container.Items("probes"), p => Assert.Equal(port, p.Number("httpGet.port")));
        Assert.All(app.Container.Items("probes"), p => Assert.InRange(p.Number("failureThreshold"), 1, 10)); // what Container Apps allows
    }

    [Fact]
    public void The_build_of_the_image_sees_all_that_it_copies()
    {
        string[] seen =
        [
            .. File.ReadLines(Path.Combine(Parity.RepositoryRoot, ".dockerignore")).Where(l => l.StartsWith('!')).Select(l => l[1..]),
        ];
        string[] copied =
        [
            .. Dockerfile
                .Where(l => l.StartsWith("COPY ", StringComparison.Ordinal) && !l.Contains("--from", StringComparison.Ordinal))
                .SelectMany(l => l.Split(' ')[1..^1])
                .Where(f => f != "."),
        ];

        Assert.Contains("package-lock.json", copied);
        Assert.All(copied, f => Assert.True(Path.Exists(Path.Combine(Parity.RepositoryRoot, f)), f));
        Assert.All(copied, f => Assert.Contains(f.Split('/')[0], seen));
    }

    [Fact]
    public void The_image_runs_the_page_without_root_and_without_native_libraries_of_ONNX_Runtime()
    {
        string built = Path.Combine(Parity.RepositoryRoot, "artifacts", "bin", "Review", "release");

        Assert.Contains("USER 10001:10001", Dockerfile);
        Assert.True(File.Exists(Path.Combine(built, "AaClip.Review.dll")));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(built, "*onnxruntime*", SearchOption.AllDirectories),
            f => !f.EndsWith(".dll", StringComparison.Ordinal)
        );
        Assert.Contains("ENTRYPOINT [\"dotnet\", \"AaClip.Review.dll\"]", Dockerfile);
    }

    // As Program starts it, on a free port.
    private static WebApplication Page()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        Dictionary<string, string?> settings = new() { [StorageConnection.Setting] = "UseDevelopmentStorage=true" }; // nobody asks it here
        StorageClients storage = new(
            new ConfigurationBuilder().AddInMemoryCollection(settings).Build(),
            Options.Create(new StorageOptions())
        );
        return ReviewApp.Build(builder, storage, new SignedInAtEntra());
    }

    private static IEnumerable<RouteEndpoint> Routes(WebApplication app) =>
        ((IEndpointRouteBuilder)app).DataSources.SelectMany(d => d.Endpoints).OfType<RouteEndpoint>();
}
