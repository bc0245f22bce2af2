using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Pipeline.Benchmarks.Store;
using Pipeline.Host.Influx;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>A real InfluxDB of a test's own on a port of its own, that can be killed and started again.</summary>
public abstract class InfluxServer : IAsyncLifetime
{
    private protected static readonly HttpClient Http = new();

    private readonly TemporaryFolder _folder = new();

    /// <summary>Why there is no server; null when there is one.</summary>
    public string? Absent { get; protected set; }

    public Uri Url { get; protected set; } = new("http://127.0.0.1");

    protected string Folder => _folder.Path;

    public abstract Task InitializeAsync();

    public abstract Task KillAsync();

    public abstract Task RestartAsync();

    public abstract Task CreateDatabaseAsync(string name, TimeSpan? retention = null);

    public async Task DisposeAsync()
    {
        if (Absent is null)
            await StopAsync();
        _folder.Dispose();
    }

    internal abstract InfluxOptions OptionsFor(string database);

    /// <summary>Writes lines as they are.</summary>
    internal async Task<int> WriteAsync(string database, string lines)
    {
        using var client = new InfluxClient(OptionsFor(database), TimeProvider.System);
        return (int)(await client.WriteAsync([lines], gzip: false, CancellationToken.None)).StatusCode;
    }

    /// <summary>The rows of an InfluxQL query, each by column name, <c>time</c> in nanoseconds; series one after the other, their tags as columns.</summary>
    internal async Task<List<Dictionary<string, JsonElement>>> QueryAsync(string database, string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, $"/query?db={database}&epoch=ns"))
        {
            Content = new FormUrlEncodedContent([new("q", query)]),
        };
        Authorize(request);
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        using var json = JsonDocument.Parse(text);
        var rows = new List<Dictionary<string, JsonElement>>();
        var result = json.RootElement.GetProperty("results")[0];
        Assert.False(result.TryGetProperty("error", out _), text);
        if (!result.TryGetProperty("series", out var allSeries))
            return rows;
        foreach (var series in allSeries.EnumerateArray())
        {
            var columns = series.GetProperty("columns").EnumerateArray().Select(column => column.GetString()!).ToArray();
            foreach (var values in series.GetProperty("values").EnumerateArray())
            {
                var row = columns.Zip(values.EnumerateArray()).ToDictionary(cell => cell.First, cell => cell.Second.Clone());
                if (series.TryGetProperty("tags", out var tags))
                    foreach (var tag in tags.EnumerateObject())
                        row[tag.Name] = tag.Value.Clone();
                rows.Add(row);
            }
        }
        return rows;
    }

    internal async Task<long> CountAsync(string database, string where = "") =>
        (await QueryAsync(database, $"SELECT count(quality) FROM vitals {where}")) is [var row] ? row["count"].GetInt64() : 0;

    protected abstract void Authorize(HttpRequestMessage request);

    protected abstract Task StopAsync();

    protected static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await error}{await output}");
        return await output;
    }
}

/// <summary>InfluxDB 2.7 from the servers beside the repository.</summary>
public sealed class Influx2Server : InfluxServer
{
    private readonly string _script = Path.Combine(SharedFolder.Root ?? "", "servers", "influxd2");
    private string _token = "";

    public string TokenFile => Path.Combine(Folder, "token");

    public override async Task InitializeAsync()
    {
        if (!File.Exists(_script))
        {
            Absent = "no InfluxDB 2: ../shared/servers/influxd2 is not there";
            return;
        }
        await RunAsync("bash", _script, "start", "--port", "0", "--dir", Folder);
        Url = new Uri((await File.ReadAllTextAsync(Path.Combine(Folder, "url"))).Trim());
        _token = (await File.ReadAllTextAsync(TokenFile)).Trim();
    }

    public override Task KillAsync() => RunAsync("bash", _script, "stop", "--kill", "--dir", Folder);

    public override Task RestartAsync() => RunAsync("bash", _script, "start", "--dir", Folder);

    public override async Task CreateDatabaseAsync(string name, TimeSpan? retention = null)
    {
        var orgs = await ApiAsync(HttpMethod.Get, "/api/v2/orgs?org=ward");
        var rules = retention is { } kept ? new object[] { new { type = "expire", everySeconds = (long)kept.TotalSeconds } } : [];
        await ApiAsync(HttpMethod.Post, "/api/v2/buckets", new { orgID = orgs.GetProperty("orgs")[0].GetProperty("id").GetString(), name, retentionRules = rules });
    }

    /// <summary>A further token that may do all; with its id.</summary>
    internal async Task<(string Token, string Id)> CreateTokenAsync()
    {
        var orgs = await ApiAsync(HttpMethod.Get, "/api/v2/orgs?org=ward");
        var id = orgs.GetProperty("orgs")[0].GetProperty("id").GetString();
        var created = await ApiAsync(HttpMethod.Post, "/api/v2/authorizations", new
        {
            orgID = id,
            permissions = new[] { new { action = "write", resource = new { type = "buckets", orgID = id } } },
        });
        return (created.GetProperty("token").GetString()!, created.GetProperty("id").GetString()!);
    }

    internal Task SetTokenActiveAsync(string id, bool active) =>
        ApiAsync(HttpMethod.Patch, $"/api/v2/authorizations/{id}", new { status = active ? "active" : "inactive" });

    internal override InfluxOptions OptionsFor(string database) => new()
    {
        Url = Url,
        Org = "ward",
        Bucket = database,
        TokenFile = TokenFile,
        RetryDelay = TimeSpan.FromMilliseconds(20),
        MaxRetryDelay = TimeSpan.FromMilliseconds(200),
    };

    protected override void Authorize(HttpRequestMessage request) => request.Headers.Authorization = new("Token", _token);

    protected override Task StopAsync() => RunAsync("bash", _script, "stop", "--dir", Folder);

    private async Task<JsonElement> ApiAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Url, path));
        if (body is not null)
            request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        Authorize(request);
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement.Clone();
    }
}

/// <summary>InfluxDB 1.6 as Debian packs it (<c>influxd</c> on the PATH), with users.</summary>
public sealed class Influx1Server : InfluxServer
{
    private const string User = "ward";
    private Influx1Process? _process;
    private string _password = "first";

    public override async Task InitializeAsync()
    {
        if (!Influx1Process.IsInstalled)
        {
            Absent = "no InfluxDB 1: there is no influxd on the PATH (apt-get install influxdb)";
            return;
        }
        await StartAsync(0);
        await QueryAsync("", $"CREATE USER {User} WITH PASSWORD '{_password}' WITH ALL PRIVILEGES");
    }

    public override Task KillAsync() => _process!.KillAsync();

    public override Task RestartAsync() => StartAsync(Url.Port);

    public override async Task CreateDatabaseAsync(string name, TimeSpan? retention = null)
    {
        await QueryAsync("", $"CREATE DATABASE \"{name}\"");
        if (retention is { } kept)
            await QueryAsync("", string.Create(CultureInfo.InvariantCulture, $"CREATE RETENTION POLICY short ON \"{name}\" DURATION {(long)kept.TotalSeconds}s REPLICATION 1 DEFAULT"));
    }

    internal async Task SetPasswordAsync(string password)
    {
        await QueryAsync("", $"SET PASSWORD FOR {User} = '{password}'");
        _password = password;
    }

    internal override InfluxOptions OptionsFor(string database) => new()
    {
        Url = Url,
        Api = InfluxApi.V1,
        Database = database,
        Username = User,
        Password = _password,
        RetryDelay = TimeSpan.FromMilliseconds(20),
        MaxRetryDelay = TimeSpan.FromMilliseconds(200),
    };

    protected override void Authorize(HttpRequestMessage request) =>
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{_password}")));

    protected override Task StopAsync() => KillAsync();

    private async Task StartAsync(int port)
    {
        _process = await Influx1Process.StartAsync(Folder, port, withUsers: true);
        Url = _process.Url;
    }
}
