using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Service;
using Pipeline.Host.Telemetry;
using Pipeline.Host.Web;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Host;

[Collection(nameof(MeasurementsCollection))]
public sealed class WatchServerTests
{
    [Fact]
    public async Task Readiness_follows_the_checks_and_says_why()
    {
        var kafka = HealthCheckResult.Unhealthy("no partition is assigned yet");
        await using var server = await StartAsync(checks => checks.AddCheck("kafka", () => kafka).AddCheck("store", () => HealthCheckResult.Healthy("taking points")));
        using var client = ClientOf(server);

        using var before = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        kafka = HealthCheckResult.Healthy("12 partitions assigned");
        using var after = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, before.StatusCode);
        Assert.Equal(
            """{"status":"not_ready","checks":[{"name":"kafka","ready":false,"detail":"no partition is assigned yet"},{"name":"store","ready":true,"detail":"taking points"}]}""",
            Compact(await before.Content.ReadAsStringAsync()));
        Assert.Equal(
            """{"status":"ready","checks":[{"name":"kafka","ready":true,"detail":"12 partitions assigned"},{"name":"store","ready":true,"detail":"taking points"}]}""",
            Compact(await after.Content.ReadAsStringAsync()));
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        Assert.Equal("application/json", after.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task It_is_live_while_it_is_not_ready()
    {
        await using var server = await StartAsync(checks => checks.AddCheck("store", () => HealthCheckResult.Unhealthy("down")));

        Assert.Equal("""{"status":"live"}""", Compact(await GetAsync(server, "/health/live")));
    }

    [Fact]
    public async Task Metrics_come_as_Prometheus_text_with_the_labels_of_the_measurements_alone()
    {
        using var meter = new Meter("Pipeline.Tests." + nameof(WatchServerTests));
        await using var server = await StartAsync(_ => { });
        using var client = ClientOf(server);
        meter.CreateCounter<long>("web_test.count", "{thing}", "Things.").Add(3, new KeyValuePair<string, object?>("reason", "a\"b\\c\nd"));
        meter.CreateHistogram<double>("web_test.part", "s").Record(0.3);
        var depths = new Dictionary<string, int> { ["a"] = 3, ["b"] = 4 };
        meter.CreateObservableGauge("web_test.depth", () => depths.Select(depth => new Measurement<int>(depth.Value, new KeyValuePair<string, object?>("shard", depth.Key))), "By");

        client.DefaultRequestHeaders.Accept.ParseAdd("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.3");
        using var answer = await client.GetAsync(new Uri("/metrics", UriKind.Relative));
        depths.Remove("a");
        var later = await GetAsync(server, "/metrics");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("web_test_count_total{reason=\"a\\\"b\\\\c\\nd\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("web_test_part_seconds_bucket{le=\"0.25\"} 0\nweb_test_part_seconds_bucket{le=\"0.5\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("web_test_depth_bytes{shard=\"a\"} 3\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("_created", text, StringComparison.Ordinal);
        Assert.DoesNotContain("shard=\"a\"", later, StringComparison.Ordinal);
        Assert.Contains("web_test_depth_bytes{shard=\"b\"} 4\n", later, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Web:Urls=localhost", "Web:Urls is 'localhost'; allowed: http://HOST:PORT")]
    [InlineData("Web:ReadyLag=0", "Web:ReadyLag is '0'; allowed: 1 to ")]
    [InlineData("Web:Url=http://127.0.0.1:0", "Web:Url is no setting; the nearest is Web:Urls")]
    [InlineData("Telemetry:OtlpInterval=0", "Telemetry:OtlpInterval is '00:00:00'; allowed: 00:00:01 to 00:10:00")]
    public async Task A_wrong_setting_is_refused_at_the_start(string assignment, string message)
    {
        var fault = await Assert.ThrowsAsync<CommandException>(
            () => ServiceHost.RunAsync(Settings.Load(null, [assignment, "Logging:LogLevel:Default=None"]), TimeProvider.System, CancellationToken.None));

        Assert.Equal(ExitCode.BadUsage, fault.ExitCode);
        Assert.StartsWith(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_settings_of_several_sections_are_told_together()
    {
        var fault = await Assert.ThrowsAsync<CommandException>(
            () => ServiceHost.RunAsync(Settings.Load(null, ["Web:ReadyLag=0", "Kafka:Partitions=0", "Logging:LogLevel:Default=None"]), TimeProvider.System, CancellationToken.None));

        Assert.Equal(["Kafka:Partitions is '0'; allowed: 1 to 10000", "Web:ReadyLag is '0'; allowed: 1 to 1000000000000"], fault.Message.Split(Environment.NewLine).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_address_in_use_is_named_with_its_setting()
    {
        await using var first = await StartAsync(_ => { });

        var fault = await Assert.ThrowsAsync<CommandException>(() => ServiceHost.RunAsync(
            Settings.Load(null, [$"Web:Urls={first.Urls.First()}", "Logging:LogLevel:Default=None"]), TimeProvider.System, CancellationToken.None));

        Assert.StartsWith($"Web:Urls is '{first.Urls.First()}': ", fault.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, fault.ExitCode);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_named_with_its_setting()
    {
        var fault = await Assert.ThrowsAsync<CommandException>(() => ServiceHost.RunAsync(
            Settings.Load(null, ["Web:Urls=http://192.0.2.1:8080", "Logging:LogLevel:Default=None"]), TimeProvider.System, CancellationToken.None));   // RFC 5737: nobody's

        Assert.StartsWith("Web:Urls is 'http://192.0.2.1:8080': ", fault.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, fault.ExitCode);
    }

    [Fact]
    public async Task Health_is_served_over_https_with_a_certificate_of_section_Kestrel()
    {
        using var folder = new TemporaryFolder();
        using var key = RSA.Create(2048);
        using var made = new CertificateRequest("CN=ward", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var (certificateFile, keyFile) = (Path.Combine(folder.Path, "c.pem"), Path.Combine(folder.Path, "k.pem"));
        await File.WriteAllTextAsync(certificateFile, made.ExportCertificatePem());
        await File.WriteAllTextAsync(keyFile, key.ExportPkcs8PrivateKeyPem());
        using var stop = new CancellationTokenSource();
        var listening = new TaskCompletionSource<ICollection<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var service = ServiceHost.RunAsync(Settings.Load(null,
        [
            "Web:Urls=https://127.0.0.1:0", $"Kestrel:Certificates:Default:Path={certificateFile}", $"Kestrel:Certificates:Default:KeyPath={keyFile}",
            "Kafka:BootstrapServers=127.0.0.1:1", $"Store:Directory={folder.Path}", "Logging:LogLevel:Default=None",
        ]), TimeProvider.System, stop.Token, listening.SetResult);
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Thumbprint == made.Thumbprint };
        using var client = new HttpClient(handler);

        var url = (await listening.Task.WaitAsync(TimeSpan.FromSeconds(30))).First();
        var said = await client.GetStringAsync(new Uri(new Uri(url), "/health/live"));
        await stop.CancelAsync();

        Assert.StartsWith("https://", url, StringComparison.Ordinal);
        Assert.Equal("""{"status":"live"}""", Compact(said));
        Assert.Equal(ExitCode.Ok, await service.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    /// <summary>The endpoints of the service with other checks.</summary>
    internal static async Task<WebApplication> StartAsync(Action<IHealthChecksBuilder> addChecks)
    {
        var configuration = Settings.Load(null, Array.Empty<string>());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSettings(configuration);
        builder.Services.AddMeasurements(configuration);
        addChecks(builder.Services.AddHealthChecks());
        var application = builder.Build();
        application.MapWatching();
        await application.StartAsync();
        return application;
    }

    internal static async Task<string> GetAsync(WebApplication application, string path)
    {
        using var client = ClientOf(application);
        return await client.GetStringAsync(new Uri(path, UriKind.Relative));
    }

    private static HttpClient ClientOf(WebApplication application) => new() { BaseAddress = new Uri(application.Urls.First()) };

    private static string Compact(string json) => JsonSerializer.Serialize(JsonDocument.Parse(json));
}
