using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Pipeline.Chaos.Series;
using Pipeline.Host.Store;

namespace Pipeline.Chaos.Servers;

/// <summary>A real InfluxDB 2 that can be killed; what is read back from it is what a reader of the store would see.</summary>
internal sealed class ChaosInflux : IAsyncDisposable
{
    private readonly ServerScripts _scripts;
    private readonly string _data = Directory.CreateTempSubdirectory("pipeline-chaos-influx-").FullName;
    private (string Id, string Secret) _token;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(2) };

    private ChaosInflux(ServerScripts scripts) => _scripts = scripts;

    /// <summary>Where it is.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>File with the token that workers use: one that may write and no more.</summary>
    public string TokenFile => Path.Combine(_data, "token-workers");

    /// <summary>Starts one.</summary>
    public static async Task<ChaosInflux> StartAsync(ServerScripts scripts, CancellationToken stop)
    {
        var influx = new ChaosInflux(scripts);
        try
        {
            await scripts.RunAsync("influxd2", influx._data, "start", "--port", "0");
            influx.Url = new Uri((await File.ReadAllTextAsync(Path.Combine(influx._data, "url"), stop)).Trim());
            influx._token = await influx.MakeTokenAsync(stop);
            await influx.HandOutAsync(stop);
            return influx;
        }
        catch
        {
            await influx.DisposeAsync();
            throw;
        }
    }

    /// <summary>CPU time of the server that runs.</summary>
    public double CpuSeconds => ServerScripts.CpuSeconds(_data);

    /// <summary>Ends it as a crash does.</summary>
    public Task KillAsync() => _scripts.RunAsync("influxd2", _data, "stop", "--kill");

    /// <summary>Starts it again on its data and its port.</summary>
    public Task RestartAsync() => _scripts.RunAsync("influxd2", _data, "start");

    /// <summary>Takes the workers' token away: what they write with it is refused as unauthorised.</summary>
    public async Task RevokeTokenAsync(CancellationToken stop)
    {
        using var _ = await CallAsync(HttpMethod.Delete, $"/api/v2/authorizations/{_token.Id}", null, stop);
    }

    /// <summary>Puts a new token into <see cref="TokenFile"/>.</summary>
    public async Task RotateTokenAsync(CancellationToken stop)
    {
        _token = await MakeTokenAsync(stop);
        await HandOutAsync(stop);
    }

    /// <summary>All points of a patient.</summary>
    public async Task<Dictionary<PointKey, PointFields>> ReadAsync(string patient, CancellationToken stop)
    {
        var points = new Dictionary<PointKey, PointFields>();
        using var answer = await QueryAsync($"SELECT * FROM {string.Join(", ", LineProtocol.SeriesMeasurements)} WHERE pid = '{patient}'", stop);
        foreach (var series in SeriesOf(answer))
        {
            var columns = series.GetProperty("columns").EnumerateArray().Select((column, index) => (Name: column.GetString()!, index)).ToDictionary(c => c.Name, c => c.index);
            foreach (var row in series.GetProperty("values").EnumerateArray())
            {
                string Text(string name) => columns.TryGetValue(name, out var at) ? row[at].GetString() ?? "" : "";
                double Number(string name) => columns.TryGetValue(name, out var at) && row[at].ValueKind == JsonValueKind.Number ? row[at].GetDouble() : double.NaN;
                points[new PointKey(Text("device"), Text("signal"), Text("metric"), row[columns["time"]].GetInt64())] = new PointFields(
                    Text("ward"), Text("bed"), Text("status"), Text("model"), Number("value"), Number("sigma"), Number("quality"), Number("coverage"),
                    Text("action") is { Length: > 0 } action ? $"{action} {Text("kind")} {Text("state")}" : "")
                {
                    Event = Text("action").Length == 0 ? (Text("kind"), Text("priority"), Text("reason")) : ("", "", ""),
                    End = Text("action").Length == 0 ? Number("end") : double.NaN,
                };
            }
        }
        return points;
    }

    /// <summary>For each patient (null: all) the time of its newest point of the last minutes, in Unix nanoseconds.</summary>
    /// <exception cref="HttpRequestException">It does not answer.</exception>
    public async Task<Dictionary<string, long>> NewestAsync(long sinceNanoseconds, IReadOnlyList<string>? patients, CancellationToken stop)
    {
        using var answer = await QueryAsync(string.Create(CultureInfo.InvariantCulture,
            $"SELECT last(quality) FROM {LineProtocol.Measurement} WHERE time > {sinceNanoseconds}{These(patients)} GROUP BY pid"), stop);
        return SeriesOf(answer).ToDictionary(series => series.GetProperty("tags").GetProperty("pid").GetString()!, series => series.GetProperty("values")[0][0].GetInt64());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _scripts.RunAsync("influxd2", _data, "stop", "--kill");
        _http.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    private static string These(IReadOnlyList<string>? patients) =>
        patients is null ? "" : $" AND ({string.Join(" OR ", patients.Select(patient => $"pid = '{patient}'"))})";

    private static JsonElement.ArrayEnumerator SeriesOf(JsonDocument answer) =>
        answer.RootElement.GetProperty("results")[0].TryGetProperty("series", out var series) ? series.EnumerateArray() : default;

    /// <summary>As an operator's secret store does it: a file that appears whole.</summary>
    private async Task HandOutAsync(CancellationToken stop)
    {
        var next = TokenFile + ".next";
        await File.WriteAllTextAsync(next, _token.Secret, stop);
        File.Move(next, TokenFile, overwrite: true);
    }

    private async Task<(string Id, string Secret)> MakeTokenAsync(CancellationToken stop)
    {
        using var orgs = await CallAsync(HttpMethod.Get, "/api/v2/orgs?org=ward", null, stop);
        var org = orgs!.RootElement.GetProperty("orgs")[0].GetProperty("id").GetString();
        var wanted = new { orgID = org, description = "workers", permissions = new[] { new { action = "write", resource = new { type = "buckets", orgID = org } } } };
        using var made = await CallAsync(HttpMethod.Post, "/api/v2/authorizations", JsonContent.Create(wanted), stop);
        return (made!.RootElement.GetProperty("id").GetString()!, made.RootElement.GetProperty("token").GetString()!);
    }

    private async Task<JsonDocument> QueryAsync(string query, CancellationToken stop) =>
        (await CallAsync(HttpMethod.Post, "/query?db=pipeline&epoch=ns", new FormUrlEncodedContent([new("q", query)]), stop))!;

    /// <summary>Asks with the operator's token; null when the answer is empty.</summary>
    private async Task<JsonDocument?> CallAsync(HttpMethod method, string path, HttpContent? content, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, new Uri(Url, path)) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Token", (await File.ReadAllTextAsync(Path.Combine(_data, "token"), stop)).Trim());
        using var response = await _http.SendAsync(request, stop);
        await using var body = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(stop);
        return response.StatusCode == HttpStatusCode.NoContent ? null : await JsonDocument.ParseAsync(body, cancellationToken: stop);
    }
}
