using System.Net;
using InfluxDB.Client.Core.Exceptions;
using Pipeline.Host.Store;
using Polly;
using Polly.Retry;

namespace Pipeline.Host.Influx;

/// <summary>Sends lines until InfluxDB takes or refuses them: an outage is waited out without end, with back-off. One request at a time.</summary>
internal sealed class InfluxConnection
{
    /// <summary>After so many answers in a row that a broken compression would explain, every second attempt is sent plain.</summary>
    private const int SuspectAfter = 2;

    private readonly int _number;
    private readonly InfluxClient _client;
    private readonly StoreState _state;
    private readonly InfluxMetrics _metrics;
    private readonly ILogger _log;
    private readonly ResiliencePipeline<InfluxAnswer> _untilAnswered;
    private bool _mayPack;
    private int _suspects;

    /// <param name="number">Which writer of <paramref name="state"/> this is.</param>
    /// <param name="client">Sends.</param>
    /// <param name="state">Told of outages.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="log">Told changes of state.</param>
    public InfluxConnection(int number, InfluxClient client, StoreState state, InfluxMetrics metrics, ILogger log)
    {
        (_number, _client, _state, _metrics, _log) = (number, client, state, metrics, log);
        _mayPack = client.Options.Gzip;
        // Jitter keeps hosts that lost the same server apart, so the seed differs by host, process and connection.
        var random = new Random(HashCode.Combine(Environment.MachineName, Environment.ProcessId, number));
        _untilAnswered = new ResiliencePipelineBuilder<InfluxAnswer> { TimeProvider = client.Time }
            .AddRetry(new RetryStrategyOptions<InfluxAnswer>
            {
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Result is { Kind: AnswerKind.Wait }),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = client.Options.RetryDelay,
                MaxDelay = client.Options.MaxRetryDelay,
                DelayGenerator = attempt => ValueTask.FromResult(attempt.Outcome.Result?.RetryAfter),
                OnRetry = attempt => Waits(attempt.Outcome.Result!),   // handled, so it is there
                Randomizer = random.NextDouble,
            })
            .Build();
    }

    /// <summary>
    /// Sends <paramref name="lines"/> (indices into <paramref name="block"/>) until the answer is no <see cref="AnswerKind.Wait"/>.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public async Task<InfluxAnswer> SendAsync(LineBlock block, int[] lines, CancellationToken stop)
    {
        var answer = await _untilAnswered.ExecuteAsync(
            static async (call, token) => await call.Connection.AttemptAsync(call.Block, call.Lines, token),
            (Connection: this, Block: block, Lines: lines), stop);
        if (_state.Up(_number) is { } ended)
            _log.StoresAgain(_client.Options.Url!, (_client.Time.GetUtcNow() - ended.Since).TotalSeconds);
        return answer;
    }

    private async Task<InfluxAnswer> AttemptAsync(LineBlock block, int[] lines, CancellationToken stop)
    {
        var gzip = _mayPack && (_suspects < SuspectAfter || _suspects % 2 == 1);
        var began = _client.Time.GetTimestamp();
        var answer = await AskAsync(block, lines, gzip, stop);
        _metrics.Requested(_client.Time.GetElapsedTime(began), answer);
        return Suspect(answer, gzip);
    }

    /// <summary>One request; what can go wrong on the way is an answer too.</summary>
    private async Task<InfluxAnswer> AskAsync(LineBlock block, int[] lines, bool gzip, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(_client.Options.RequestTimeout, _client.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, timeout.Token);
        try
        {
            var response = await _client.WriteAsync(block.Texts(lines), gzip, either.Token);
            // Every version says 204 and nothing else. A 200 comes from a sign-in page or another service on that port: nothing is stored there.
            return response.StatusCode == HttpStatusCode.NoContent
                ? InfluxAnswer.AllStored
                : InfluxAnswer.Wait(WaitReason.Unexplained, $"HTTP {(int)response.StatusCode}: {response.Content}");
        }
        catch (HttpException fault) when (fault.Status != 0)
        {
            return AnswerReader.Read(fault, block, lines);
        }
        catch (Exception fault) when (fault is HttpException or OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            return timeout.IsCancellationRequested
                ? InfluxAnswer.Wait(WaitReason.Timeout, $"no answer within {_client.Options.RequestTimeout}")
                : InfluxAnswer.Wait(WaitReason.Connection, $"{fault.Message} ({fault.GetBaseException().Message})");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
        {
            return InfluxAnswer.Wait(WaitReason.Credentials, fault.Message);
        }
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
            return gzip && answer.Kind == AnswerKind.Partial ? InfluxAnswer.Wait(WaitReason.Encoding, answer.Detail, TimeSpan.Zero) : answer;
        }
        if (answer.Kind == AnswerKind.Wait)
            return answer;
        if (_mayPack && !gzip)
        {
            _mayPack = false;
            _log.PlainOnly(_client.Options.Url!);
        }
        _suspects = 0;
        return answer;
    }

    private ValueTask Waits(InfluxAnswer answer)
    {
        _metrics.Retried(answer.Reason);
        if (_state.Down(_number, answer.Reason, answer.Detail))
            _log.Waiting(_client.Options.Url!, answer.Reason, answer.Detail);
        return ValueTask.CompletedTask;
    }
}
