using Pipeline.Actors;
using Pipeline.Host.Store;
using Polly;
using Polly.Retry;

namespace Pipeline.Host.Influx;

/// <summary>
/// Gets a block of lines stored: repeats what an outage stopped, without end; takes out what the server names as bad; finds by halves what it
/// only counts. One block at a time.
/// </summary>
internal sealed class InfluxDelivery : IDisposable
{
    private readonly int _number;
    private readonly InfluxOptions _options;
    private readonly InfluxConnection _connection;
    private readonly RefusedPoints _refused;
    private readonly StoreState _state;
    private readonly InfluxMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ResiliencePipeline<InfluxAnswer> _untilAnswered;
    private readonly Stack<int[]> _toStore = new();   // sets of lines that are still to be sent
    private LineBlock _block = new();
    private bool _saidPlain;

    /// <param name="number">Which writer of <paramref name="state"/> this is.</param>
    /// <param name="options">Checked options.</param>
    /// <param name="http">Sends.</param>
    /// <param name="refused">Keeps refused points.</param>
    /// <param name="state">Told of outages.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="time">Times requests and back-off.</param>
    /// <param name="log">Told changes of state.</param>
    public InfluxDelivery(int number, InfluxOptions options, HttpClient http, RefusedPoints refused, StoreState state, InfluxMetrics metrics, TimeProvider time, ILogger log)
    {
        (_number, _options, _refused, _state, _metrics, _time, _log) = (number, options, refused, state, metrics, time, log);
        _connection = new InfluxConnection(options, http, time, metrics);
        // Jitter keeps hosts that lost the same server apart, so the seed differs by host, process and delivery.
        var random = new Random(HashCode.Combine(Environment.MachineName, Environment.ProcessId, number));
        _untilAnswered = new ResiliencePipelineBuilder<InfluxAnswer> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<InfluxAnswer>
            {
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Result is { Kind: AnswerKind.Wait }),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = options.MaxRetryDelay,
                DelayGenerator = attempt => ValueTask.FromResult(attempt.Outcome.Result?.RetryAfter),
                Randomizer = random.NextDouble,
            })
            .Build();
    }

    /// <summary>
    /// Completes when every line of <paramref name="block"/> is stored or a dead letter, and every unwritable point a dead letter.
    /// </summary>
    /// <param name="block">Not changed until then.</param>
    /// <param name="unwritable">Points that no line can be made of, with the reason.</param>
    /// <param name="stop">Ends it without that.</param>
    public async Task StoreAsync(LineBlock block, IReadOnlyCollection<(VitalPoint Point, string Reason, byte[] Line)> unwritable, CancellationToken stop)
    {
        if (unwritable.Count > 0)
        {
            _metrics.DeadLettered(unwritable.Count, RefusalReason.Unwritable);
            await _refused.KeepAsync(unwritable, stop);
        }
        _block = block;
        _toStore.Clear();
        PushParts([.. Enumerable.Range(0, block.Count)], _options.MaxLines);
        while (_toStore.TryPop(out var lines))
        {
            var answer = await _untilAnswered.ExecuteAsync(
                static (call, token) => call.Delivery.AttemptAsync(call.Lines, token), (Delivery: this, Lines: lines), stop);
            await ActOnAsync(answer, lines, stop);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private async ValueTask<InfluxAnswer> AttemptAsync(int[] lines, CancellationToken stop)
    {
        var answer = await _connection.SendAsync(_block, lines, stop);
        if (answer.Kind == AnswerKind.Wait)
        {
            _metrics.Retried(answer.Reason);
            if (_state.Down(_number, answer.Reason, answer.Detail))
                _log.Waiting(_options.Url!, answer.Reason, answer.Detail);
        }
        else if (_state.Up(_number) is { } ended)
            _log.StoresAgain(_options.Url!, (_time.GetUtcNow() - ended.Since).TotalSeconds);
        if (_connection.IsPlainOnly && !_saidPlain)
        {
            _saidPlain = true;
            _log.PlainOnly(_options.Url!);
        }
        return answer;
    }

    private async Task ActOnAsync(InfluxAnswer answer, int[] lines, CancellationToken stop)
    {
        switch (answer.Kind)
        {
            case AnswerKind.Stored:
                _metrics.Stored(lines.Length);
                return;
            case AnswerKind.Named:
                await KeepRefusedAsync(answer.Named, answer, lines.Length, stop);
                // Version 1 has stored the others already; writing them again changes nothing.
                var rest = lines.Except(answer.Named.Select(line => line.Index)).ToArray();
                if (rest.Length > 0)
                    _toStore.Push(rest);
                return;
            case AnswerKind.Partial when lines.Length == 1 || answer.Dropped >= lines.Length:
            case AnswerKind.TooLarge when lines.Length == 1:
                await KeepRefusedAsync([.. lines.Select(line => new NamedLine(line, answer.Detail))], answer, lines.Length, stop);
                return;
            default:
                PushParts(lines, (lines.Length + 1) / 2);
                return;
        }
    }

    private void PushParts(int[] lines, int length)
    {
        foreach (var part in lines.Chunk(Math.Max(1, length)).Reverse())
            _toStore.Push(part);
    }

    private Task KeepRefusedAsync(IReadOnlyList<NamedLine> named, InfluxAnswer answer, int sent, CancellationToken stop)
    {
        _metrics.DeadLettered(named.Count, answer.Reason);
        _log.Refused(named.Count, sent, answer.Reason, answer.Detail);
        return _refused.KeepAsync([.. named.Select(line => (_block.Point(line.Index), line.Why, _block.Line(line.Index).ToArray()))], stop);
    }
}
