using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Pipeline.Tests.Support;

/// <summary>An InfluxDB 2 on a real port, as far as a writer sees it: takes lines, and can be killed and started again on the same port.</summary>
internal sealed class FakeInflux : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly HashSet<string> _series = [];
    private readonly HashSet<string> _lines = [];
    private WebApplication? _server;
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>
    /// Points of series stored: lines with another measurement, tags or time. Those written again replace the first. Who is present goes by
    /// the wall clock and does not count.
    /// </summary>
    public int PointCount
    {
        get
        {
            lock (_lock)
                return _series.Count;
        }
    }

    /// <summary>The values of a text field in all lines that came, each once.</summary>
    public IReadOnlyList<string> Values(string field)
    {
        lock (_lock)
            return [.. _lines.Select(line => Regex.Match(line, $"[ ,]{field}=\"([^\"]*)\"").Groups[1].Value).Distinct()];
    }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Url.ToString());
        _server = builder.Build();
        _server.MapPost("/api/v2/write", TakeAsync);
        await _server.StartAsync();
        Url = new Uri(_server.Urls.First());
    }

    /// <summary>Cuts every connection and stops listening.</summary>
    public async Task KillAsync()
    {
        if (_server is not { } server)
            return;
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await server.StopAsync(now.Token);
        await server.DisposeAsync();
        _server = null;
    }

    /// <summary>Waits, by the requests, until it holds so many points.</summary>
    public async Task HoldsAsync(int points)
    {
        using var late = new CancellationTokenSource(Patience);
        while (true)
        {
            Task arrived;
            lock (_lock)
            {
                if (_series.Count >= points)
                    return;
                arrived = _arrived.Task;
            }
            await arrived.WaitAsync(late.Token);
        }
    }

    public async ValueTask DisposeAsync() => await KillAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var gzip = context.Request.Headers.ContentEncoding == "gzip";
        using var reader = new StreamReader(gzip ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body);
        var lines = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lock (_lock)
        {
            // No tag of ours holds a space: measurement and tags, fields, time.
            foreach (var line in lines)
            {
                if (!line.StartsWith("presence,", StringComparison.Ordinal))
                    _series.Add(line[..line.IndexOf(' ', StringComparison.Ordinal)] + line[line.LastIndexOf(' ')..]);
                _lines.Add(line);
            }
            _arrived.SetResult();
            _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        context.Response.StatusCode = (int)HttpStatusCode.NoContent;
    }
}
