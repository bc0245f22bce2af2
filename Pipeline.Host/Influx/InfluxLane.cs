using System.Threading.Channels;
using Pipeline.Actors;
using Pipeline.Host.Store;
using Polly;
using Polly.Retry;

namespace Pipeline.Host.Influx;

/// <summary>A part of a batch in the queue.</summary>
/// <param name="Batch">The batch; its points are written only when their request is made, so the queue holds no second copy.</param>
/// <param name="First">Index of the part's first point.</param>
/// <param name="Count">Points in the part.</param>
/// <param name="Acknowledgement">Told when they are stored.</param>
internal readonly record struct Portion(OutputBatch Batch, int First, int Count, Acknowledgement Acknowledgement);

/// <summary>
/// One connection's loop: merges what waits into one block, stores it however long that takes, acknowledges, and goes on. Messages in:
/// <see cref="Portion"/>s; out: acknowledgements, and refused points to the dead letters.
/// </summary>
internal sealed class InfluxLane : IDisposable
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
    private readonly LineBlock _block = new();
    private readonly List<Portion> _taken = [];
    private readonly Stack<int[]> _toStore = new();
    private readonly List<(VitalPoint, string, byte[])> _unwritable = [];
    private bool _saidPlain;

    public InfluxLane(int number, InfluxOptions options, InfluxConnection connection, RefusedPoints refused, StoreState state, InfluxMetrics metrics, TimeProvider time, ILogger log)
    {
        _number = number;
        _options = options;
        _connection = connection;
        _refused = refused;
        _state = state;
        _metrics = metrics;
        _time = time;
        _log = log;
        // Jitter keeps hosts that lost the same server apart, so the seed differs by host, process and lane.
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

    /// <summary>Runs until the queue is completed and empty, or <paramref name="stop"/> is cancelled.</summary>
    public async Task RunAsync(ChannelReader<Portion> queue, CancellationToken stop)
    {
        while (await queue.WaitToReadAsync(stop))
        {
            Take(queue);
            try
            {
                await StoreBlockAsync(stop);
                Settle(static (portion, _) => portion.Acknowledgement.Stored(portion.Count), default);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                Settle(static (portion, by) => portion.Acknowledgement.Cancel(by), stop);
                throw;
            }
            catch (Exception fault)   // the supervisor of this loop: whoever waits learns of it, the loop goes on
            {
                _log.LaneFailed(fault);
                Settle((portion, _) => portion.Acknowledgement.Fail(fault), default);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    /// <summary>Fills the block with whole portions: each has at most <see cref="InfluxOptions.MaxLines"/> points, so at least one fits.</summary>
    private void Take(ChannelReader<Portion> queue)
    {
        _block.Clear();
        _taken.Clear();
        _unwritable.Clear();
        var lines = 0;
        while (queue.TryPeek(out var next) && lines + next.Count <= _options.MaxLines && queue.TryRead(out var portion))
        {
            // Another lane may have taken the portion that was peeked at, and this one may be longer: the block is cut into requests anyway.
            if (portion.Acknowledgement.IsAbandoned)
            {
                _metrics.Left(portion.Count);
                continue;
            }
            _taken.Add(portion);
            lines += portion.Count;
            for (var p = portion.First; p < portion.First + portion.Count; p++)
                Write(portion.Batch.Points[p]);
        }
    }

    private void Write(VitalPoint point)
    {
        if (LineProtocol.FindFault(point) is { } fault)
            _unwritable.Add((point, fault, []));
        else
            _block.Add(point);
    }

    private void Settle(Action<Portion, CancellationToken> tell, CancellationToken by)
    {
        foreach (var portion in _taken)
        {
            _metrics.Left(portion.Count);
            tell(portion, by);
        }
    }

    private async Task StoreBlockAsync(CancellationToken stop)
    {
        if (_unwritable.Count > 0)
        {
            _metrics.DeadLettered(_unwritable.Count, RefusalReason.Unwritable);
            await _refused.KeepAsync(_unwritable, stop);
        }
        _toStore.Clear();
        PushChunks([.. Enumerable.Range(0, _block.Count)], _options.MaxLines);
        while (_toStore.TryPop(out var lines))
        {
            var answer = await _untilAnswered.ExecuteAsync(
                static (call, token) => call.Lane.AttemptAsync(call.Lines, token), (Lane: this, Lines: lines), stop);
            await ActOnAsync(answer, lines, stop);
        }
    }

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
                PushChunks(lines, (lines.Length + 1) / 2);
                return;
        }
    }

    private void PushChunks(int[] lines, int length)
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
