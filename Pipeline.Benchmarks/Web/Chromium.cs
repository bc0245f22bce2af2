using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pipeline.Benchmarks.Web;

/// <summary>
/// A headless Chromium of the system with one page, spoken to by the DevTools protocol: the few commands that a measurement needs, as the package for it brings a browser driver of 135 MB.
/// </summary>
internal sealed class Chromium : IAsyncDisposable
{
    private const string Said = "DevTools listening on ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private readonly Process _process;
    private readonly string _folder;
    private readonly ClientWebSocket _socket = new();
    private int _number;

    private Chromium(Process process, string folder) => (_process, _folder) = (process, folder);

    /// <summary>CPU seconds of all its processes so far.</summary>
    public double CpuSeconds
    {
        get
        {
            var stats = Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])).Select(Stat).Where(stat => stat.Parent >= 0).ToDictionary(stat => stat.Process);
            return stats.Values.Where(stat => IsMine(stat.Process)).Sum(stat => stat.CpuSeconds);

            bool IsMine(int process) => process == _process.Id || (stats.TryGetValue(process, out var stat) && stat.Parent > 1 && IsMine(stat.Parent));
        }
    }

    /// <summary>Where it is; null: there is none.</summary>
    public static string? Find() => Environment.GetEnvironmentVariable("PIPELINE_CHROMIUM") ?? Places.FirstOrDefault(File.Exists);

    /// <summary>Starts it with an empty page of so many pixels.</summary>
    public static async Task<Chromium> StartAsync(string path, int width, int height, CancellationToken stop)
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-").FullName;
        var process = Process.Start(new ProcessStartInfo(path, ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", $"--user-data-dir={folder}", "about:blank"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        }) ?? throw new InvalidOperationException($"{path} does not start.");
        var browser = new Chromium(process, folder);
        try
        {
            await browser.ConnectAsync(width, height, stop);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens a page; <paramref name="before"/>: a script that runs before its own.</summary>
    public async Task OpenAsync(Uri page, string? before, CancellationToken stop)
    {
        if (before is not null)
            await AskAsync("Page.addScriptToEvaluateOnNewDocument", new() { ["source"] = before }, stop);
        await AskAsync("Page.navigate", new() { ["url"] = page.ToString() }, stop);
    }

    /// <summary>The value of an expression in the page.</summary>
    public async Task<JsonNode?> EvaluateAsync(string expression, CancellationToken stop) =>
        (await AskAsync("Runtime.evaluate", new() { ["expression"] = expression, ["returnByValue"] = true }, stop))["result"]?["value"];

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ConnectAsync(int width, int height, CancellationToken stop)
    {
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.ErrorDataReceived += (_, said) =>
        {
            if (said.Data?.StartsWith(Said, StringComparison.Ordinal) == true)
                address.TrySetResult(new Uri(said.Data[Said.Length..]));
        };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        using var http = new HttpClient();
        var pages = JsonNode.Parse(await http.GetStringAsync($"http://{(await address.Task.WaitAsync(Patience, stop)).Authority}/json/list", stop))!.AsArray();
        await _socket.ConnectAsync(new Uri((string)pages.Single(page => (string?)page!["type"] == "page")!["webSocketDebuggerUrl"]!), stop);
        await AskAsync("Page.enable", [], stop);
        await AskAsync("Emulation.setDeviceMetricsOverride", new() { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = false }, stop);
    }

    private async Task<JsonNode> AskAsync(string method, JsonObject parameters, CancellationToken stop)
    {
        var number = ++_number;
        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["id"] = number, ["method"] = method, ["params"] = parameters }), WebSocketMessageType.Text, endOfMessage: true, stop);
        var buffer = new byte[1 << 16];
        while (true)
        {
            using var message = new MemoryStream();
            ValueWebSocketReceiveResult part;
            do
            {
                part = await _socket.ReceiveAsync(buffer.AsMemory(), stop);
                message.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);
            var answer = JsonNode.Parse(message.ToArray())!;
            if ((int?)answer["id"] != number)
                continue;       // something that happened
            return answer["result"] ?? throw new InvalidOperationException($"{method}: {answer["error"]}");
        }
    }

    /// <summary>A process, its parent (−1: it has ended) and what it has used.</summary>
    private static (int Process, int Parent, double CpuSeconds) Stat(string folder)
    {
        try
        {
            // After the name in brackets: state, parent; user and system time are the 12th and 13th, in ticks of 1/100 s.
            var line = File.ReadAllText(Path.Combine(folder, "stat"));
            var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
            return (int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture), int.Parse(fields[1], CultureInfo.InvariantCulture),
                (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0);
        }
        catch (IOException)
        {
            return (0, -1, 0);
        }
    }
}
