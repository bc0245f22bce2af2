using System.Text;
using InfluxDB.Client;
using InfluxDB.Client.Core.Exceptions;
using InfluxDB.Client.Core.Flux.Domain;
using RestSharp;

namespace Pipeline.Host.Influx;

/// <summary>
/// Writes lines by InfluxDB.Client, once: no queue, no retry. <c>WriteApi</c>, the client's own queue, is not used, since it drops a batch after
/// some attempts. Thread-safe.
/// </summary>
internal sealed class InfluxClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly InfluxDBClientOptions _access;
    private readonly WriteApiAsync _plain;
    private readonly WriteApiAsync _packed;
    private readonly QueryApi _asking;

    /// <param name="options">Checked options; <see cref="InfluxOptions.Url"/> is set.</param>
    /// <param name="time">What a date in an answer is compared with.</param>
    /// <param name="network">What requests go out on; null: connections that are reused and renewed.</param>
    public InfluxClient(InfluxOptions options, TimeProvider time, HttpMessageHandler? network = null)
    {
        (Options, Time) = (options, time);
        network ??= new SocketsHttpHandler
        {
            MaxConnectionsPerServer = options.Connections,
            // A store that moved to another address is found again.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = options.RequestTimeout,
            AllowAutoRedirect = false,
        };
        _http = new HttpClient(new InfluxTransport(options, time, network)) { Timeout = Timeout.InfiniteTimeSpan };
        var isV1 = options.Api == InfluxApi.V1;
        _access = new InfluxDBClientOptions((options.Url ?? throw new ArgumentException("There is no address.", nameof(options))).AbsoluteUri)
        {
            HttpClient = _http,
            Timeout = Timeout.InfiniteTimeSpan,   // the caller's token is the limit
            Org = isV1 ? "-" : options.Org,
            Bucket = isV1 ? $"{options.Database}/{options.RetentionPolicy}" : options.Bucket,
        };
        var plain = new InfluxDBClient(_access);
        (_plain, _asking) = (plain.GetWriteApiAsync(), plain.GetQueryApi());
        var packing = new InfluxDBClient(_access);
        packing.EnableGzip();
        _packed = packing.GetWriteApiAsync();
    }

    /// <summary>The options that it was made with.</summary>
    public InfluxOptions Options { get; }

    /// <summary>The time that it was made with.</summary>
    public TimeProvider Time { get; }

    /// <summary>Writes <paramref name="lines"/> with the credentials of this moment: a rotated secret is used without a restart.</summary>
    /// <returns>The answer, when its status is from 200 to 299; only 204 says that the lines are stored.</returns>
    /// <exception cref="HttpException">Another status; with status 0: no answer, or cancelled.</exception>
    /// <exception cref="IOException">The file with the secret cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="FormatException">It holds what no header can.</exception>
    public async Task<RestResponse> WriteAsync(IEnumerable<string> lines, bool gzip, CancellationToken stop)
    {
        if (await ReadSecretAsync(stop) is { Length: > 0 } secret)
            _access.Token = secret;
        return await (gzip ? _packed : _plain).WriteRecordsAsyncWithIRestResponse(lines, cancellationToken: stop);
    }

    /// <summary>Asks InfluxDB 2 in Flux, with the credentials of this moment.</summary>
    /// <exception cref="HttpException">It does not answer, or refuses.</exception>
    public async Task<List<FluxTable>> QueryAsync(string question, CancellationToken stop)
    {
        if (await ReadSecretAsync(stop) is { Length: > 0 } secret)
            _access.Token = secret;
        return await _asking.QueryAsync(question, Options.Org, stop);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>The token, or what follows <c>Basic</c>; empty when there are no credentials.</summary>
    private async ValueTask<string> ReadSecretAsync(CancellationToken stop)
    {
        var isBasic = Options.Username.Length > 0;
        var (secret, file) = isBasic ? (Options.Password, Options.PasswordFile) : (Options.Token, Options.TokenFile);
        if (file.Length > 0)
            secret = (await File.ReadAllTextAsync(file, stop)).Trim();
        if (isBasic)
            return Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Options.Username}:{secret}"));
        if (secret.Any(char.IsControl))
            throw new FormatException($"{(file.Length > 0 ? file : "Influx:Token")} holds a control character; a token in one line is wanted");
        return secret;
    }
}
