using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Pipeline.Host.Demo;

namespace Pipeline.Benchmarks.Web;

/// <summary>
/// What those who look at the ward page cost the program, and how old a sample is when a browser has it. The ward is a <c>demo</c> in a process of its own; viewers ask and listen as the page's scripts do:
/// the newest values each second, and the strips of the tiles that are seen over one connection.
/// </summary>
internal sealed class ViewersBenchmark : IBenchmark
{
    // As ward.js has them.
    private const int MostStrips = 48, StripPoints = 90;

    public string Name => "viewers";

    public string Summary => $"demo of 200 beds in real time, without viewers and with 50 of its ward page ({MostStrips} strips each): CPU of its process, sample to browser";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        var (beds, viewers, rounds) = report.Quick ? (8, 4, 1) : (200, 50, 3);
        var (settle, measured) = report.Quick ? (TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(4)) : (TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(15));
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-");
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1_000 }) { BaseAddress = new Uri($"http://127.0.0.1:{FreePort()}") };
        using var demo = Start(beds, http.BaseAddress, Path.Combine(folder.FullName, "ward"));
        try
        {
            var patients = await WaitForAsync(http, beds, stop);
            await Task.Delay(settle, stop);
            List<double> alone = [], watched = [];
            var ages = new LatencyHistogram();
            for (var round = 0; round < rounds; round++)
            {
                alone.Add(await CoresAsync(demo, measured, stop));
                using var leave = CancellationTokenSource.CreateLinkedTokenSource(stop);
                var looking = Enumerable.Range(0, viewers).Select(viewer => LookAsync(http, StripsOf(viewer, patients), ages, leave.Token)).ToArray();
                await Task.Delay(settle, stop);
                watched.Add(await CoresAsync(demo, measured, stop));
                await leave.CancelAsync();
                await Task.WhenAll(looking);
            }
            report.Add("cores_alone", Quantiles.Median(alone), "1");
            report.Add("cores_watched", Quantiles.Median(watched), "1");
            report.Add("viewers_cores", Quantiles.Median([.. watched.Zip(alone, (with, without) => with - without)]), "1", new Reference("promised at most", 0.2));
            var least = ages.Percentile(0) ?? TimeSpan.Zero;
            report.Add("delay_p50", Milliseconds(ages.Percentile(0.5) - least), "ms");
            report.Add("delay_p99", Milliseconds(ages.Percentile(0.99) - least), "ms");
            report.Remark($"{ages.Count:N0} stretches; delay: how much older a stretch's last sample is when its message comes than that of the quickest, as the simulated ward's clock is not this machine's");
        }
        finally
        {
            demo.Kill(entireProcessTree: true);
            await demo.WaitForExitAsync(CancellationToken.None);
            folder.Delete(recursive: true);
        }
    }

    private static Process Start(int beds, Uri url, string store)
    {
        var start = new ProcessStartInfo("dotnet", [
            typeof(DemoRun).Assembly.Location, "demo", "--plain", "--beds", $"{beds}", "--seconds", "3600", "--store", store, "--set", $"Web:Urls={url}",
            "--set", "Access:Streams=1000", "--set", "Access:RequestsPerSecond=10000"])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet cannot be started.");
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, said) => Console.Error.WriteLine(said.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    internal static async Task<string[]> WaitForAsync(HttpClient http, int beds, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(stop))
        {
            try
            {
                using var answer = await http.GetAsync("/api/beds", stop);
                if (answer.StatusCode != HttpStatusCode.OK)
                    continue;
                using var ward = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(stop));
                string[] patients = [.. ward.RootElement.GetProperty("beds").EnumerateArray().SelectMany(bed => bed.GetProperty("patients").EnumerateArray()).Select(one => one.GetProperty("patient").GetString()!)];
                if (patients.Length >= beds)
                    return patients;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
        }
        return [];
    }

    // Each sees another part of the ward.
    private static string[] StripsOf(int viewer, string[] patients) =>
        [.. Enumerable.Range(0, Math.Min(MostStrips, patients.Length)).Select(tile => patients[(viewer * MostStrips + tile) % patients.Length])];

    private static async Task LookAsync(HttpClient http, string[] patients, LatencyHistogram ages, CancellationToken leave)
    {
        try
        {
            await Task.WhenAll(AskAsync(http, leave), ListenAsync(http, patients, ages, leave));
        }
        catch (OperationCanceledException) when (leave.IsCancellationRequested)
        {
            // The page is closed.
        }
    }

    private static async Task AskAsync(HttpClient http, CancellationToken leave)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(leave))
            await http.GetByteArrayAsync("/api/beds", leave);
    }

    private static async Task ListenAsync(HttpClient http, string[] patients, LatencyHistogram ages, CancellationToken leave)
    {
        var query = string.Join('&', patients.Select(one => $"patient={Uri.EscapeDataString(one)}"));
        using var lines = new StreamReader(await http.GetStreamAsync($"/api/live?{query}&points={StripPoints}&all=false", leave));
        while (await lines.ReadLineAsync(leave) is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            var now = TimeProvider.System.GetUtcNow();
            using var stretch = JsonDocument.Parse(line["data: ".Length..]);
            var at = stretch.RootElement;
            var end = at.GetProperty("time").GetDouble() + 1000 * at.GetProperty("values").GetArrayLength() / at.GetProperty("rateHz").GetDouble();
            ages.Record(TimeSpan.FromMilliseconds(Math.Max(0, now.ToUnixTimeMilliseconds() - end)));
        }
    }

    private static async Task<double> CoresAsync(Process process, TimeSpan over, CancellationToken stop)
    {
        process.Refresh();
        var (before, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
        await Task.Delay(over, stop);
        process.Refresh();
        return (process.TotalProcessorTime - before) / clock.Elapsed;
    }

    private static double Milliseconds(TimeSpan? span) => span?.TotalMilliseconds ?? double.NaN;

    internal static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}
