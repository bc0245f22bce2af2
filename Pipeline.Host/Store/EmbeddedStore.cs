using System.Threading.Channels;
using Pipeline.Actors;
using Polly;
using Polly.Retry;

namespace Pipeline.Host.Store;

/// <summary>
/// The store of a ward without InfluxDB: points as line protocol in segments on disk, which <c>influx write</c> imports unchanged. A batch is
/// acknowledged when the disk has it; a disk that is full is waited for. A point that came twice stands there twice, which an import makes one
/// again. Thread-safe.
/// </summary>
internal sealed class EmbeddedStore : IPatientSink
{
    /// <summary>A block is flushed at the latest when it has so many points.</summary>
    private const int MaxBlockLines = 20_000;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(10);

    private readonly EmbeddedStoreOptions _options;
    private readonly SegmentFiles _segments;
    private readonly RefusedPoints _refused;
    private readonly StoreMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Channel<(OutputBatch Batch, Acknowledgement Acknowledgement)> _queue;
    private readonly ResiliencePipeline _untilWritten;
    private readonly LineBlock _block = new();
    private readonly List<(OutputBatch Batch, Acknowledgement Acknowledgement)> _taken = [];
    private readonly List<(VitalPoint, string, byte[])> _unwritable = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    /// <summary>Opens the folder, repairs its last segment, and starts the writer's loop.</summary>
    /// <param name="options">Checked options.</param>
    /// <param name="deadLetters">Keeps points that cannot be written as a line. Stays the caller's.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="time">Names segments, times flushes and back-off.</param>
    /// <param name="log">Told changes of state.</param>
    /// <exception cref="IOException">The folder cannot be used, or another process has it.</exception>
    public EmbeddedStore(EmbeddedStoreOptions options, IPatientSink deadLetters, StoreMetrics metrics, TimeProvider time, ILogger<EmbeddedStore> log)
    {
        _options = options;
        _refused = new RefusedPoints(deadLetters);
        _metrics = metrics;
        _time = time;
        _log = log;
        State = new StoreState(1, time);
        _segments = new SegmentFiles(options.Directory, options.SegmentBytes, time);
        if (_segments.RepairedBytes > 0)
            log.Repaired(options.Directory, _segments.RepairedBytes);
        _queue = Channel.CreateBounded<(OutputBatch, Acknowledgement)>(new BoundedChannelOptions(options.QueueLength) { SingleReader = true });
        _untilWritten = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<IOException>().Handle<UnauthorizedAccessException>(),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                Delay = RetryDelay,
                MaxDelay = MaxRetryDelay,
                OnRetry = attempt => Failed(attempt.Outcome.Exception!),
            })
            .Build();
        _running = Task.Run(() => RunAsync(_stop.Token));
    }

    /// <summary>Whether the disk is written at present: readiness.</summary>
    public StoreState State { get; }

    /// <inheritdoc/>
    public async Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Points.Count == 0)
            return;
        var acknowledgement = new Acknowledgement(1);
        using var onStop = stop.UnsafeRegister(static (state, token) => ((Acknowledgement)state!).Cancel(token), acknowledgement);
        using var onEnd = _stop.Token.UnsafeRegister(static (state, token) => ((Acknowledgement)state!).Cancel(token), acknowledgement);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        await _queue.Writer.WriteAsync((batch, acknowledgement), either.Token);
        _metrics.Queued(batch.Points.Count);
        await acknowledgement.Task;
    }

    /// <summary>Stops at once: what is not acknowledged by now is cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
            // That is how the loop ends.
        }
        _segments.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        var flushed = _time.GetTimestamp() - _time.TimestampFrequency * 10;
        while (await _queue.Reader.WaitToReadAsync(stop))
        {
            Clear();
            try
            {
                Take();
                var rest = _options.FlushInterval - _time.GetElapsedTime(flushed);
                if (rest > TimeSpan.Zero)
                {
                    await Task.Delay(rest, _time, stop);
                    Take();
                }
                await StoreAsync(stop);
                flushed = _time.GetTimestamp();
                foreach (var (_, acknowledgement) in _taken)
                    acknowledgement.Stored(1);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)   // supervisor: whoever waits learns of it, the loop goes on
            {
                _log.LoopFailed(fault);
                foreach (var (_, acknowledgement) in _taken)
                    acknowledgement.Fail(fault);
            }
        }
    }

    private void Clear()
    {
        _block.Clear();
        _taken.Clear();
        _unwritable.Clear();
    }

    private void Take()
    {
        while (_block.Count < MaxBlockLines && _queue.Reader.TryRead(out var next))
        {
            _metrics.Left(next.Batch.Points.Count);
            if (next.Acknowledgement.IsAbandoned)
                continue;
            _taken.Add(next);
            foreach (var point in next.Batch.Points)
                if (LineProtocol.FindFault(point) is { } fault)
                    _unwritable.Add((point, fault, []));
                else
                    _block.Add(point);
        }
    }

    private async Task StoreAsync(CancellationToken stop)
    {
        if (_unwritable.Count > 0)
        {
            _metrics.DeadLettered(_unwritable.Count);
            await _refused.KeepAsync(_unwritable, stop);
        }
        if (_block.Count == 0)
            return;
        await _untilWritten.ExecuteAsync(
            static (store, _) =>
            {
                var began = store._time.GetTimestamp();
                store._segments.Append(store._block.Bytes.Span);
                store._metrics.Flushed(store._block.Count, store._block.Bytes.Length, store._time.GetElapsedTime(began));
                return ValueTask.CompletedTask;
            }, this, stop);
        if (State.Up(0) is { } ended)
            _log.WritesAgain(_options.Directory, (_time.GetUtcNow() - ended.Since).TotalSeconds);
    }

    private ValueTask Failed(Exception fault)
    {
        _metrics.Retried();
        if (State.Down(0, "disk", fault.Message))
            _log.Waiting(_options.Directory, fault.Message);
        return ValueTask.CompletedTask;
    }
}
