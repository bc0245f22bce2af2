using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using Pipeline.Host.Influx;

namespace Pipeline.Benchmarks.Store;

/// <summary>A real InfluxDB in a temporary folder that can be killed and started again: 2.7 from <c>../shared/servers</c>, or Debian's 1.6.</summary>
internal sealed class RealInflux : IDisposable
{
    private const string Database = "pipeline";
    private readonly string _folder = Directory.CreateTempSubdirectory("pipeline-bench-").FullName;
    private readonly HttpClient _http = new();
    private readonly string? _script;
    private Influx1Process? _version1;

    private RealInflux(string? script) => _script = script;

    public InfluxOptions Options { get; } = new();

    /// <summary>Starts one; null when it is not on this machine.</summary>
    public static async Task<RealInflux?> StartAsync(InfluxApi api)
    {
        var shared = Environment.GetEnvironmentVariable("PIPELINE_SHARED") ?? Path.Combine(Environment.CurrentDirectory, "..", "shared");
        var script = Path.Combine(shared, "servers", "influxd2");
        var found = api == InfluxApi.V2 ? File.Exists(script) : Influx1Process.IsInstalled;
        if (!found)
            return null;
        var server = new RealInflux(api == InfluxApi.V2 ? script : null);
        server.Options.Api = api;
        if (api == InfluxApi.V2)
        {
            await server.RunScriptAsync("start", "--port", "0");
            server.Options.Url = new Uri((await File.ReadAllTextAsync(Path.Combine(server._folder, "url"))).Trim());
            server.Options.TokenFile = Path.Combine(server._folder, "token");
        }
        else
        {
            server._version1 = await Influx1Process.StartAsync(server._folder, 0, withUsers: false);
            server.Options.Url = server._version1.Url;
            await server.QueryAsync($"CREATE DATABASE {Database}");
        }
        return server;
    }

    public async Task KillAsync()
    {
        if (_script is not null)
        {
            await RunScriptAsync("stop", "--kill");
            return;
        }
        await _version1!.KillAsync();
        _version1 = null;
    }

    public async Task RestartAsync()
    {
        if (_script is not null)
            await RunScriptAsync("start");
        else
            _version1 = await Influx1Process.StartAsync(_folder, Options.Url!.Port, withUsers: false);
    }

    /// <summary>Points that are stored.</summary>
    public async Task<long> CountAsync()
    {
        using var answer = JsonDocument.Parse(await QueryAsync("SELECT count(quality) FROM vitals"));
        return answer.RootElement.GetProperty("results")[0].TryGetProperty("series", out var series) ? series[0].GetProperty("values")[0][1].GetInt64() : 0;
    }

    public void Dispose()
    {
        if (_script is not null)
            RunScriptAsync("stop", "--kill").GetAwaiter().GetResult();
        else
            _version1?.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<string> QueryAsync(string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Options.Url!, $"/query?db={Database}"))
        {
            Content = new FormUrlEncodedContent([new("q", query)]),
        };
        if (_script is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Token", (await File.ReadAllTextAsync(Options.TokenFile)).Trim());
        using var response = await _http.SendAsync(request);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    private async Task RunScriptAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", [_script!, .. arguments, "--dir", _folder]) { RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"influxd2 {arguments[0]} ended with {process.ExitCode}");
    }
}
