using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>The first steps of compose against a real InfluxDB: secrets as files, certificates, tokens with the least rights.</summary>
[Trait("Category", "Integration")]
[UnsupportedOSPlatform("windows")]
public sealed class ComposeSecretsTests(Influx2Server server) : IClassFixture<Influx2Server>
{
    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly HttpClient Http = new();

    private static readonly string Deploy = Path.Combine(RepositoryRoot.Path, "deploy");

    [SkippableFact]
    public async Task The_service_may_write_and_read_one_bucket_Grafana_may_read_it_and_a_second_run_changes_nothing()
    {
        Skip.If(server.Absent is not null, server.Absent);
        Skip.IfNot(Environment.IsPrivilegedProcess, "files are given to other users: root is needed");
        Skip.IfNot(new[] { "openssl", "curl" }.All(IsInstalled), "openssl or curl is not installed");
        using var folder = new TemporaryFolder();
        await RunAsync("secrets.sh", folder.Path);
        File.Copy(server.TokenFile, Path.Combine(folder.Path, "influxdb", "token"), overwrite: true);
        await RunAsync("influx-tokens.sh", folder.Path);
        var first = Contents(folder.Path);

        await RunAsync("secrets.sh", folder.Path);
        await RunAsync("influx-tokens.sh", folder.Path);

        Assert.Equal(first, Contents(folder.Path));
        Assert.Equal(
            [
                "access/admin-password", "access/users.json", "grafana/influx-token", "grafana/password", "influxdb/password", "influxdb/token",
                "pipeline/cluster/ca.crt", "pipeline/cluster/tls.crt", "pipeline/cluster/tls.key", "pipeline/influx-token", "pipeline/metrics-token",
                "pipeline/web/ca.crt", "pipeline/web/tls.crt", "pipeline/web/tls.key", "prometheus/ca.crt", "prometheus/metrics-token",
            ],
            first.Keys);
        Assert.All(first.Keys, file => Assert.Equal(OwnerAlone, File.GetUnixFileMode(Path.Combine(folder.Path, file))));
        var (service, grafana) = (first["pipeline/influx-token"].Trim(), first["grafana/influx-token"].Trim());
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.Forbidden), (await WriteAsync(service), await WriteAsync(grafana)));
        Assert.Contains("\"one\"", await AskAsync(grafana, "/query?db=pipeline&q=SHOW%20MEASUREMENTS"), StringComparison.Ordinal);
        Assert.All([service, grafana], token =>
        {
            Assert.DoesNotContain("description", AskAsync(token, "/api/v2/authorizations").Result, StringComparison.Ordinal);
            Assert.DoesNotContain("\"_monitoring\"", AskAsync(token, "/api/v2/buckets").Result, StringComparison.Ordinal);
        });
    }

    [SkippableFact]
    public async Task A_token_that_no_longer_works_is_made_anew()
    {
        Skip.If(server.Absent is not null, server.Absent);
        Skip.IfNot(Environment.IsPrivilegedProcess, "files are given to other users: root is needed");
        Skip.IfNot(new[] { "openssl", "curl" }.All(IsInstalled), "openssl or curl is not installed");
        using var folder = new TemporaryFolder();
        await RunAsync("secrets.sh", folder.Path);
        File.Copy(server.TokenFile, Path.Combine(folder.Path, "influxdb", "token"), overwrite: true);
        var file = Path.Combine(folder.Path, "grafana", "influx-token");
        await File.WriteAllTextAsync(file, "of another InfluxDB");

        await RunAsync("influx-tokens.sh", folder.Path);

        var token = (await File.ReadAllTextAsync(file)).Trim();
        Assert.Contains("\"results\"", await AskAsync(token, "/query?db=pipeline&q=SHOW%20MEASUREMENTS"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_certificate_of_the_pages_has_the_names_under_which_they_are_opened_and_is_kept_until_these_change()
    {
        Skip.IfNot(IsInstalled("openssl"), "openssl is not installed");
        using var folder = new TemporaryFolder();
        await RunAsync("certificates.sh", folder.Path, folder.Path, "localhost", "127.0.0.1");
        var first = Contents(folder.Path);
        await RunAsync("certificates.sh", folder.Path, folder.Path, "localhost", "127.0.0.1");
        Assert.Equal(first, Contents(folder.Path));

        await RunAsync("certificates.sh", folder.Path, folder.Path, "localhost", "127.0.0.1", "ward.example");

        using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(folder.Path, "tls.crt"), Path.Combine(folder.Path, "tls.key"));
        Assert.All(["localhost", "127.0.0.1", "ward.example"], name => Assert.True(certificate.MatchesHostname(name), name));
        Assert.False(certificate.MatchesHostname("other.example"));
        using var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder.Path, "ca.crt"));
        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        Assert.True(chain.Build(certificate));
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    private async Task RunAsync(string script, string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Deploy, script), .. arguments])
        {
            RedirectStandardError = true,
            Environment = { ["SECRETS"] = folder, ["INFLUX_URL"] = server.Url.ToString().TrimEnd('/') },
        })!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{script}: {said}");
    }

    private static SortedDictionary<string, string> Contents(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories);
        return new(files.ToDictionary(file => Path.GetRelativePath(folder, file), File.ReadAllText), StringComparer.Ordinal);
    }

    private async Task<HttpStatusCode> WriteAsync(string token)
    {
        using var answer = await SendAsync(token, HttpMethod.Post, "/api/v2/write?org=ward&bucket=pipeline", new StringContent("one value=1", Encoding.UTF8));
        return answer.StatusCode;
    }

    private async Task<string> AskAsync(string token, string path)
    {
        using var answer = await SendAsync(token, HttpMethod.Get, path, null);
        return await answer.Content.ReadAsStringAsync();
    }

    private Task<HttpResponseMessage> SendAsync(string token, HttpMethod method, string path, HttpContent? content) => Http.SendAsync(
        new HttpRequestMessage(method, new Uri(server.Url, path))
        {
            Content = content,
            Headers = { Authorization = new AuthenticationHeaderValue("Token", token) },
        });
}
