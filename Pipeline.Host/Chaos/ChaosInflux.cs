using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Pipeline.Host.Influx;

namespace Pipeline.Host.Chaos;

/// <summary>A real InfluxDB 2 that can be killed; what is read back from it is what a reader of the store would see.</summary>
internal sealed class ChaosInflux : IAsyncDisposable
{
    private readonly ServerScripts _scripts;
    private readonly string _data = Directory.CreateTempSubdirectory("pipeline-chaos-influx-").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(2) };

    private ChaosInflux(ServerScripts scripts) => _scripts = scripts;

    /// <summary>Where it is.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>File with the token that workers use.</summary>
    public string TokenFile => Path.Combine(_data, "token");

    /// <summary>Starts one.</summary>
    public static async Task<ChaosInflux> StartAsync(ServerScripts scripts)
    {
        var influx = new ChaosInflux(scripts);
        try
        {
            await scripts.RunAsync("influxd2", influx._data, "start", "--port", "0");
            influx.Url = new Uri((await File.ReadAllTextAsync(Path.Combine(influx._data, "url"))).Trim());
            return influx;
        }
        catch
        {
            await influx.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends it as a crash does.</summary>
    public Task KillAsync() => _scripts.RunAsync("influxd2", _data, "stop", "--kill");

    /// <summary>Starts it again on its data and its port.</summary>
    public Task RestartAsync() => _scripts.RunAsync("influxd2", _data, "start");

    /// <summary>All points of a patient.</summary>
    public async Task<Dictionary<PointKey, PointFields>> ReadAsync(string patient, CancellationToken stop)
    {
        var points = new Dictionary<PointKey, PointFields>();
        using var answer = await QueryAsync($"SELECT * FROM {LineProtocol.Measurement} WHERE pid = '{patient}'", stop);
        foreach (var series in SeriesOf(answer))
        {
            var columns = series.GetProperty("columns").EnumerateArray().Select((column, index) => (Name: column.GetString()!, index)).ToDictionary(c => c.Name, c => c.index);
            foreach (var row in series.GetProperty("values").EnumerateArray())
            {
                string Text(string name) => columns.TryGetValue(name, out var at) ? row[at].GetString() ?? "" : "";
                double Number(string name) => columns.TryGetValue(name, out var at) && row[at].ValueKind == JsonValueKind.Number ? row[at].GetDouble() : double.NaN;
                points[new PointKey(Text("device"), Text("signal"), Text("metric"), row[columns["time"]].GetInt64())] = new PointFields(
                    Text("ward"), Text("bed"), Text("status"), Text("model"), Number("value"), Number("sigma"), Number("quality"), Number("coverage"));
            }
        }
        return points;
    }

    /// <summary>For each patient the time of its newest point of the last minutes, in Unix nanoseconds.</summary>
    /// <exception cref="HttpRequestException">It does not answer.</exception>
    public async Task<Dictionary<string, long>> NewestAsync(long sinceNanoseconds, CancellationToken stop)
    {
        using var answer = await QueryAsync(string.Create(CultureInfo.InvariantCulture,
            $"SELECT last(quality) FROM {LineProtocol.Measurement} WHERE time > {sinceNanoseconds} GROUP BY pid"), stop);
        return SeriesOf(answer).ToDictionary(series => series.GetProperty("tags").GetProperty("pid").GetString()!, series => series.GetProperty("values")[0][0].GetInt64());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _scripts.RunAsync("influxd2", _data, "stop", "--kill");
        _http.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    private static JsonElement.ArrayEnumerator SeriesOf(JsonDocument answer) =>
        answer.RootElement.GetProperty("results")[0].TryGetProperty("series", out var series) ? series.EnumerateArray() : default;

    private async Task<JsonDocument> QueryAsync(string query, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, "/query?db=pipeline&epoch=ns"))
        {
            Content = new FormUrlEncodedContent([new("q", query)]),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Token", (await File.ReadAllTextAsync(TokenFile, stop)).Trim());
        using var response = await _http.SendAsync(request, stop);
        await using var body = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(stop);
        return await JsonDocument.ParseAsync(body, cancellationToken: stop);
    }
}
