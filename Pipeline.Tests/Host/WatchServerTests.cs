using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Telemetry;
using Pipeline.Host.Web;
using Xunit;

namespace Pipeline.Tests.Host;

public sealed class WatchServerTests
{
    [Fact]
    public async Task Readiness_follows_the_checks_and_says_why()
    {
        var kafka = new HealthCheck("kafka", false, "no partition assigned yet");
        using var metrics = new MetricsCollector();
        await using var server = await StartAsync(metrics, () => [kafka, new HealthCheck("store", true, "taking points")]);
        using var client = new HttpClient { BaseAddress = new Uri(server.Urls.First()) };

        using var before = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        kafka = kafka with { Ready = true, Detail = "12 partitions" };
        using var after = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, before.StatusCode);
        using var said = JsonDocument.Parse(await before.Content.ReadAsStringAsync());
        Assert.Equal("not_ready", said.RootElement.GetProperty("status").GetString());
        Assert.Equal("no partition assigned yet", said.RootElement.GetProperty("checks")[0].GetProperty("detail").GetString());
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        Assert.Equal("application/json", after.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task It_is_live_while_it_is_not_ready()
    {
        using var metrics = new MetricsCollector();
        await using var server = await StartAsync(metrics, () => [new HealthCheck("store", false, "down")]);
        using var client = new HttpClient { BaseAddress = new Uri(server.Urls.First()) };

        using var answer = await client.GetAsync(new Uri("/health/live", UriKind.Relative));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Metrics_come_as_Prometheus_text()
    {
        using var meter = new Meter("Pipeline.Tests." + nameof(WatchServerTests));
        using var metrics = new MetricsCollector();
        meter.CreateCounter<long>("web_test.count").Add(3);
        await using var server = await StartAsync(metrics, () => []);
        using var client = new HttpClient { BaseAddress = new Uri(server.Urls.First()) };

        using var answer = await client.GetAsync(new Uri("/metrics", UriKind.Relative));

        Assert.Equal(PrometheusText.ContentType, answer.Content.Headers.ContentType?.ToString());
        Assert.Contains("web_test_count_total 3\n", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Web:Urls=localhost", "Web:Urls is 'localhost'; allowed: http://HOST:PORT")]
    [InlineData("Web:ReadyLag=0", "Web:ReadyLag is '0'; allowed: 1 to ")]
    [InlineData("Web:Url=http://127.0.0.1:0", "'Url'")]
    public async Task A_wrong_setting_is_refused_at_the_start(string assignment, string message)
    {
        using var metrics = new MetricsCollector();

        var fault = await Assert.ThrowsAsync<CommandException>(
            () => WatchServer.StartAsync(Settings.Load(null, [assignment]), metrics, () => [], CancellationToken.None));

        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_in_use_is_named_with_its_setting()
    {
        using var metrics = new MetricsCollector();
        await using var first = await StartAsync(metrics, () => []);

        var fault = await Assert.ThrowsAsync<CommandException>(
            () => WatchServer.StartAsync(Settings.Load(null, [$"Web:Urls={first.Urls.First()}"]), metrics, () => [], CancellationToken.None));

        Assert.StartsWith("Web:Urls is ", fault.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, fault.ExitCode);
    }

    private static Task<WatchServer> StartAsync(MetricsCollector metrics, Func<IEnumerable<HealthCheck>> checks) =>
        WatchServer.StartAsync(
            Settings.Load(null, ["Web:Urls=http://127.0.0.1:0", "Logging:LogLevel:Default=Warning"]), metrics, checks, CancellationToken.None);
}
