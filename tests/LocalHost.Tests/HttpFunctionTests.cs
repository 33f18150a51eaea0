using System.Net;
using System.Net.Sockets;

namespace AaClip.LocalHost.Tests;

public class HttpFunctionTests(AzuriteFixture azurite)
{
    private static readonly HttpClient Http = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_route_hands_its_parts_to_parameters_of_their_names()
    {
        await using TestHost host = new(azurite.ConnectionString);
        await host.StartAsync(["Result"]);

        string answer = await Http.GetStringAsync(new Uri($"{host.Host.Urls[0]}/api/results/line%201/a/b.jpg?since=7"), Cancellation);

        Assert.Equal("""{"camera":"line 1","path":"a/b.jpg","query":"7"}""", answer);
    }

    [Theory]
    [InlineData("POST", "/api/jobs/41", 202, "42 body")]
    [InlineData("GET", "/api/jobs/41", 405, "")]
    [InlineData("POST", "/api/jobs/many", 404, "")]
    [InlineData("GET", "/api/health", 200, "")]
    [InlineData("GET", "/health", 404, "")]
    [InlineData("GET", "/api/broken", 500, "")]
    public async Task Methods_constraints_and_prefix_decide_which_function_answers(string method, string path, int status, string body)
    {
        await using TestHost host = new(azurite.ConnectionString);
        await host.StartAsync(["Job", "Health", "Broken"]);
        using HttpRequestMessage request = new(new HttpMethod(method), host.Host.Urls[0] + path) { Content = new StringContent("body") };

        using HttpResponseMessage response = await Http.SendAsync(request, Cancellation);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(body, await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(status == 500, host.Log.All.Contains("Error: Broken failed: Broken as always."));
    }

    [Fact]
    public async Task The_prefix_of_host_json_counts_and_may_be_empty()
    {
        await using TestHost host = new(azurite.ConnectionString, """
            {
              // comments are allowed
              "extensions": { "http": { "routePrefix": "" } },
            }
            """);
        await host.StartAsync(["Health"]);

        using HttpResponseMessage response = await Http.GetAsync(new Uri(host.Host.Urls[0] + "/health"), Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Only_this_machine_is_listened_to_and_only_by_its_own_name()
    {
        await using TestHost host = new(azurite.ConnectionString);
        await host.StartAsync(["Health"]);
        using HttpRequestMessage foreign = new(HttpMethod.Get, host.Host.Urls[0] + "/api/health") { Headers = { Host = "cameras.example" } };

        using HttpResponseMessage response = await Http.SendAsync(foreign, Cancellation);

        Assert.Equal(IPAddress.Loopback.ToString(), new Uri(Assert.Single(host.Host.Urls)).Host);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_port_in_use_gives_way_to_a_free_one_and_a_warning()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int taken = ((IPEndPoint)other.LocalEndpoint).Port;
        await using TestHost host = new(azurite.ConnectionString);

        await host.StartAsync(["Health"], options => options with { Port = taken });

        Assert.NotEqual(taken, new Uri(host.Host.Urls[0]).Port);
        Assert.Contains($"Warning: Port {taken} is in use: HTTP takes a free one.", host.Log.All);
    }
}
