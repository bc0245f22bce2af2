using System.IO.Compression;
using System.Net;
using System.Text;

namespace Pipeline.Tests.Influx;

/// <summary>What the sink sent in one request.</summary>
internal sealed record Sent(Uri Address, string? Authorization, bool Gzip, string[] Lines);

/// <summary>
/// Stands in the place of a server's connection: reads each request as a server does (unpacks it, cuts it into lines) and answers what the
/// test says.
/// </summary>
internal sealed class StoreStub(Func<Sent, int, HttpResponseMessage> answer) : HttpMessageHandler
{
    private readonly Lock _lock = new();
    private readonly List<Sent> _requests = [];
    private readonly List<(int Count, TaskCompletionSource Seen)> _waiting = [];
    private int _inFlight;
    private int _gatedFrom = int.MaxValue;
    private Task _gate = Task.CompletedTask;

    public IReadOnlyList<Sent> Requests
    {
        get
        {
            lock (_lock)
                return [.. _requests];
        }
    }

    /// <summary>Most requests that were under way at once.</summary>
    public int MostInFlight { get; private set; }

    /// <summary>Request <paramref name="number"/>, and every one after it, is answered only after <paramref name="gate"/> completes.</summary>
    public void GateAt(int number, Task gate) => (_gatedFrom, _gate) = (number, gate);

    public static HttpResponseMessage Status(int code, string body = "", string? retryAfter = null)
    {
        var response = new HttpResponseMessage((HttpStatusCode)code) { Content = new StringContent(body) };
        if (retryAfter is not null)
            response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        return response;
    }

    /// <summary>Completes when <paramref name="count"/> requests have come in.</summary>
    public Task SeenAsync(int count)
    {
        lock (_lock)
        {
            if (_requests.Count >= count)
                return Task.CompletedTask;
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((count, seen));
            return seen.Task;
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var gzip = request.Content!.Headers.ContentEncoding.Contains("gzip");
        await using var raw = await request.Content.ReadAsStreamAsync(cancellationToken);
        await using var body = gzip ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        using var reader = new StreamReader(body, Encoding.UTF8);
        var text = await reader.ReadToEndAsync(cancellationToken);
        var sent = new Sent(request.RequestUri!, request.Headers.Authorization?.ToString(), gzip, text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        int number;
        lock (_lock)
        {
            _requests.Add(sent);
            number = _requests.Count;
            MostInFlight = Math.Max(MostInFlight, ++_inFlight);
            foreach (var (_, seen) in _waiting.Where(waiting => waiting.Count <= number))
                seen.TrySetResult();
        }
        try
        {
            if (number >= _gatedFrom)
                await _gate.WaitAsync(cancellationToken);
            return answer(sent, number);
        }
        finally
        {
            lock (_lock)
                _inFlight--;
        }
    }
}
