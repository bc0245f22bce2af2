using System.Net.Http.Headers;

namespace Pipeline.Host.Influx;

/// <summary>
/// Stands between InfluxDB.Client and the network for what the client does not do: the write address and Basic credentials of InfluxDB 1 before 1.8
/// (the client knows <c>/api/v2/write</c> only), a <c>Retry-After</c> that is a date (the client throws), and a limit to an answer's size.
/// </summary>
internal sealed class InfluxTransport(InfluxOptions options, TimeProvider time, HttpMessageHandler network) : DelegatingHandler(network)
{
    private const int MaxAnswerBytes = 4 << 20;   // 5,000 bad lines are answered with 0.35 MB

    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(10);

    private readonly Uri? _version1 = options is not { Api: InfluxApi.V1, Url: { } url } ? null : new Uri(
        $"{url.AbsoluteUri.TrimEnd('/')}/write?db={Uri.EscapeDataString(options.Database)}"
        + (options.RetentionPolicy.Length > 0 ? $"&rp={Uri.EscapeDataString(options.RetentionPolicy)}" : "") + "&precision=ns");

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (_version1 is not null)
            request.RequestUri = _version1;
        if (options.Username.Length > 0)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", request.Headers.Authorization?.Parameter);
        var response = await base.SendAsync(request, cancellationToken);
        await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, cancellationToken);
        var asked = response.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - time.GetUtcNow() : null;
        response.Headers.Remove("Retry-After");
        if (asked is { } wait)
            response.Headers.RetryAfter = new(TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(wait.TotalSeconds, 0, MaxRetryAfter.TotalSeconds))));
        return response;
    }
}
