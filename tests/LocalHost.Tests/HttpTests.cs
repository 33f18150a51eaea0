using System.Net;
using System.Net.Sockets;

namespace AaClip.LocalHost.Tests;

public class HttpTests(AzuriteFixture azurite)
{
    private static readonly HttpClient Http = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_reach_the_function_of_their_route_and_method_in_the_worker()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(
            ["Greet", "Echo", "Break"],
            options => options with { Settings = new Dictionary<string, string?>(options.Settings) { ["Sample__Place"] = "Azurite" } }
        );
        string authority = new Uri(host.Host.Url).Authority;

        string greeting = await Http.GetStringAsync(new Uri($"{host.Host.Url}/api/greet/line%201?times=7"), Cancellation);
        (HttpStatusCode, string) echo = await SendAsync(HttpMethod.Post, $"{host.Host.Url}/api/Echo", "body ä");
        (HttpStatusCode, string) method = await SendAsync(HttpMethod.Post, $"{host.Host.Url}/api/greet/x", "");
        (HttpStatusCode, string) absent = await SendAsync(HttpMethod.Get, $"{host.Host.Url}/api/nowhere", null);
        (HttpStatusCode, string) unprefixed = await SendAsync(HttpMethod.Get, $"{host.Host.Url}/greet/x", null);
        (HttpStatusCode, string) broken = await SendAsync(HttpMethod.Get, $"{host.Host.Url}/api/Break", null);

        Assert.Equal($"Hello line 1 7 from Azurite at {authority}", greeting);
        Assert.Equal((HttpStatusCode.Created, "body ä"), echo);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, method.Item1);
        Assert.Equal(HttpStatusCode.NotFound, absent.Item1);
        Assert.Equal(HttpStatusCode.NotFound, unprefixed.Item1);
        Assert.Equal((HttpStatusCode.InternalServerError, ""), broken);
        Assert.Contains(
            host.Log.All,
            line =>
                line.StartsWith("Error: HTTP function Break failed: ", StringComparison.Ordinal)
                && line.Contains("broken", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_large_body_goes_through_both_ways()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Echo"]);
        string body = new('x', 3_000_000);

        (HttpStatusCode Status, string Text) echo = await SendAsync(HttpMethod.Post, $"{host.Host.Url}/api/Echo", body);

        Assert.Equal(HttpStatusCode.Created, echo.Status);
        Assert.Equal(body.Length, echo.Text.Length);
    }

    [Fact]
    public async Task Only_requests_from_this_machine_under_its_own_name_are_answered()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(["Greet"]);
        using HttpRequestMessage foreign = new(HttpMethod.Get, host.Host.Url + "/api/greet/x") { Headers = { Host = "cameras.example" } };

        using HttpResponseMessage response = await Http.SendAsync(foreign, Cancellation);

        Assert.Equal(IPAddress.Loopback.ToString(), new Uri(host.Host.Url).Host);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_port_in_use_is_replaced_by_a_free_one_with_a_warning()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int taken = ((IPEndPoint)other.LocalEndpoint).Port;
        await using TestHost host = new(azurite.NewAccount());

        await host.StartAsync(["Greet"], options => options with { Port = taken });

        Assert.NotEqual(taken, new Uri(host.Host.Url).Port);
        Assert.Contains($"Warning: Port {taken} is in use: HTTP takes a free one.", host.Log.All);
    }

    private static async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpMethod method, string address, string? body)
    {
        using HttpRequestMessage request = new(method, address) { Content = body is null ? null : new StringContent(body) };
        using HttpResponseMessage response = await Http.SendAsync(request, Cancellation);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }
}
