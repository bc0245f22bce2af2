using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Pipeline.Host.Influx;

/// <summary>
/// Sends lines of a block in one request and says what came of it; what can go wrong on the way is an answer too. Keeps its body's memory.
/// One request at a time.
/// </summary>
internal sealed class InfluxConnection : IDisposable
{
    private const int MaxAnswerBytes = 4 << 20;   // 5,000 bad lines are answered with 0.35 MB

    /// <summary>After so many answers in a row that a broken compression would explain, every second attempt is sent plain.</summary>
    private const int SuspectAfter = 2;

    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(10);

    private readonly InfluxOptions _options;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly InfluxMetrics _metrics;
    private readonly Uri _address;
    private readonly MemoryStream _body = new();
    private int _suspects;
    private bool _plainOnly;

    public InfluxConnection(InfluxOptions options, HttpClient http, TimeProvider time, InfluxMetrics metrics)
    {
        _options = options;
        _http = http;
        _time = time;
        _metrics = metrics;
        _address = AddressOf(options);
    }

    /// <summary>Whether bodies are no longer compressed, because only plain ones arrived whole.</summary>
    public bool IsPlainOnly => _plainOnly;

    /// <summary>Where lines are written to.</summary>
    public static Uri AddressOf(InfluxOptions options)
    {
        var path = options.Api == InfluxApi.V2
            ? $"api/v2/write?org={Uri.EscapeDataString(options.Org)}&bucket={Uri.EscapeDataString(options.Bucket)}&precision=ns"
            : $"write?db={Uri.EscapeDataString(options.Database)}{(options.RetentionPolicy.Length > 0 ? $"&rp={Uri.EscapeDataString(options.RetentionPolicy)}" : "")}&precision=ns";
        var root = (options.Url ?? throw new ArgumentException("There is no address.", nameof(options))).AbsoluteUri;
        return new Uri(root.EndsWith('/') ? root + path : $"{root}/{path}");
    }

    /// <summary>Sends <paramref name="lines"/> (indices into <paramref name="block"/>) once.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public async ValueTask<InfluxAnswer> SendAsync(LineBlock block, ReadOnlyMemory<int> lines, CancellationToken stop)
    {
        var gzip = _options.Gzip && !_plainOnly && (_suspects < SuspectAfter || _suspects % 2 == 1);
        Compose(block, lines.Span, gzip);
        using var timeout = new CancellationTokenSource(_options.RequestTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, timeout.Token);
        var began = _time.GetTimestamp();
        InfluxAnswer answer;
        try
        {
            answer = await SendBodyAsync(gzip, block, lines, either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            answer = InfluxAnswer.Wait(WaitReason.Timeout, $"no answer within {_options.RequestTimeout}");
        }
        catch (HttpRequestException fault)
        {
            answer = InfluxAnswer.Wait(WaitReason.Connection, fault.InnerException is { } inner ? $"{fault.Message} ({inner.Message})" : fault.Message);
        }
        catch (IOException fault)
        {
            answer = InfluxAnswer.Wait(WaitReason.Connection, fault.Message);
        }
        _metrics.Requested(_time.GetElapsedTime(began), answer);
        return Suspect(answer, gzip);
    }

    /// <inheritdoc/>
    public void Dispose() => _body.Dispose();

    private async Task<InfluxAnswer> SendBodyAsync(bool gzip, LineBlock block, ReadOnlyMemory<int> lines, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _address);
        try
        {
            request.Headers.Authorization = await InfluxCredentials.ReadAsync(_options, stop);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
        {
            return InfluxAnswer.Wait(WaitReason.Credentials, fault.Message);
        }
        request.Content = new ByteArrayContent(_body.GetBuffer(), 0, (int)_body.Length);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/plain", "utf-8");
        if (gzip)
            request.Content.Headers.ContentEncoding.Add("gzip");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        var body = response.StatusCode == HttpStatusCode.NoContent ? "" : await ReadAsync(response.Content, stop);
        return AnswerReader.Read(response.StatusCode, RetryAfterOf(response), body, block, lines.Span);
    }

    /// <summary>
    /// A proxy that breaks compression, or a server that does not know it, answers 400 or 500 for ever; then a plain body arrives and no
    /// further one is compressed.
    /// </summary>
    private InfluxAnswer Suspect(InfluxAnswer answer, bool gzip)
    {
        if (answer.MayBeEncoding)
        {
            _suspects++;
            // Foreign lines in the answer to a compressed body are nothing to find by halves: the whole again, plain.
            return gzip && answer.Kind == AnswerKind.Partial ? InfluxAnswer.Wait(WaitReason.Encoding, answer.Detail, TimeSpan.Zero) with { MayBeEncoding = true } : answer;
        }
        if (answer.Kind is AnswerKind.Wait)
            return answer;
        if (!gzip && _suspects >= SuspectAfter)
            _plainOnly = true;
        _suspects = 0;
        return answer;
    }

    private void Compose(LineBlock block, ReadOnlySpan<int> lines, bool gzip)
    {
        _body.SetLength(0);
        using var packed = gzip ? new GZipStream(_body, CompressionLevel.Fastest, leaveOpen: true) : null;
        Stream body = packed is null ? _body : packed;
        if (lines.Length == block.Count)
        {
            body.Write(block.Bytes.Span);
            return;
        }
        foreach (var index in lines)
        {
            body.Write(block.Line(index));
            body.WriteByte((byte)'\n');
        }
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? (header?.Date is { } date ? date - _time.GetUtcNow() : null);
        return wait is not { } asked ? null : asked < TimeSpan.Zero ? TimeSpan.Zero : asked > MaxRetryAfter ? MaxRetryAfter : asked;
    }

    private static async Task<string> ReadAsync(HttpContent content, CancellationToken stop)
    {
        using var stream = await content.ReadAsStreamAsync(stop);
        using var kept = new MemoryStream();
        var chunk = new byte[16_384];
        while (kept.Length < MaxAnswerBytes)
        {
            var read = await stream.ReadAsync(chunk, stop);
            if (read == 0)
                break;
            kept.Write(chunk, 0, read);
        }
        return Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length);
    }
}
