using System.Diagnostics;

namespace Pipeline.Actors;

/// <summary>
/// A shard's batches on their way to the sinks, and what of the shard is done with. A batch goes to every sink at once and is acknowledged
/// when all have acknowledged it. At most <c>maxInFlight</c> batches are under way. Thread-safe: acknowledgements come from anywhere.
/// </summary>
internal sealed class Delivery(IReadOnlyList<IPatientSink> sinks, int maxInFlight, Counts counts, Action<double> recordLatencySeconds)
{
    private readonly Lock _lock = new();
    private readonly OffsetWatermark _watermark = new();
    private readonly List<Task> _underWay = new(maxInFlight);

    private int _inFlightCount;

    /// <summary>Batches that wait for their acknowledgement.</summary>
    public int InFlightCount => Volatile.Read(ref _inFlightCount);

    /// <summary>Called, by any thread, when a batch was not acknowledged: the loop is to look at <see cref="ThrowIfFailed"/>.</summary>
    public Action? Failed { get; set; }

    /// <summary>See <see cref="OffsetWatermark.Committable"/>.</summary>
    public long? Committable
    {
        get
        {
            lock (_lock)
                return _watermark.Committable;
        }
    }

    /// <summary>See <see cref="OffsetWatermark.Take"/>.</summary>
    public void Take(long first, long last)
    {
        lock (_lock)
            _watermark.Take(first, last);
    }

    /// <summary>See <see cref="OffsetWatermark.Open"/>.</summary>
    public OffsetWatermark.Hold Open(long offset)
    {
        lock (_lock)
            return _watermark.Open(offset);
    }

    /// <summary>See <see cref="OffsetWatermark.Merge"/>.</summary>
    public void Merge(OffsetWatermark.Hold from, OffsetWatermark.Hold to)
    {
        lock (_lock)
            _watermark.Merge(from, to);
    }

    /// <summary>See <see cref="OffsetWatermark.Close"/>.</summary>
    public void Close(OffsetWatermark.Hold hold)
    {
        lock (_lock)
            _watermark.Close(hold);
    }

    /// <summary>Gives a batch to the sinks, when there is a place for it. The loop's thread only. Fails when an earlier batch failed.</summary>
    public async ValueTask HandOverAsync(OutputBatch batch, OffsetWatermark.Hold hold, CancellationToken stop)
    {
        while (_underWay.Count >= maxInFlight)
            await ForgetOneAsync(stop);
        Interlocked.Increment(ref _inFlightCount);
        _underWay.Add(DeliverAsync(batch, hold, stop));
    }

    /// <summary>Throws what a sink threw. The loop's thread only.</summary>
    public void ThrowIfFailed()
    {
        foreach (var task in _underWay)
            if (task.IsFaulted)
                task.GetAwaiter().GetResult();  // it has ended: this only throws
    }

    /// <summary>Completes when every batch is acknowledged, or fails as the first that is not. The loop's thread only.</summary>
    public async ValueTask WhenAllAcknowledgedAsync()
    {
        while (_underWay.Count > 0)
            await ForgetOneAsync(CancellationToken.None);
    }

    /// <summary>Completes when no sink works on a batch any more, however it ended. The loop's thread only.</summary>
    public async ValueTask WhenAllEndedAsync() =>
        await Task.WhenAll(_underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    private async ValueTask ForgetOneAsync(CancellationToken stop)
    {
        var done = await Task.WhenAny(_underWay).WaitAsync(stop);
        _underWay.Remove(done);
        await done;
    }

    private async Task DeliverAsync(OutputBatch batch, OffsetWatermark.Hold hold, CancellationToken stop)
    {
        var acknowledged = false;
        try
        {
            if (sinks.Count == 1)
                await sinks[0].WriteAsync(batch, stop);
            else
                await Task.WhenAll(sinks.Select(sink => sink.WriteAsync(batch, stop)));
            Close(hold);
            acknowledged = true;
            counts.AddShared(Count.BatchesAcknowledged);
            recordLatencySeconds(Stopwatch.GetElapsedTime(batch.EnteredAt).TotalSeconds);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlightCount);
            if (!acknowledged)
                Failed?.Invoke();
        }
    }
}
