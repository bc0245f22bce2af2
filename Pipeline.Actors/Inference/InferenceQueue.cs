namespace Pipeline.Actors.Inference;

/// <summary>
/// Requests that wait for one model: two bounded rings, live before catch-up, filled by any thread and emptied batch by batch by any number
/// of workers. Nothing allocates but a wait for space and a cancellation.
/// </summary>
internal sealed class InferenceQueue : IDisposable
{
    /// <summary>Live requests that go before each one of catch-up while both wait.</summary>
    public const int LivePerCatchUp = 7;

    private readonly object _gate = new();      // waited on, hence no Lock
    private readonly RequestRing[] _rings;      // by priority
    private readonly TaskCompletionSource?[] _space = new TaskCompletionSource?[2];
    private readonly List<MicroBatch> _batches = [];
    private readonly InferenceOptions _options;
    private readonly TimeProvider _time;
    private readonly long _maxDelay;            // in timestamps
    private readonly ITimer? _due;
    private TaskCompletionSource? _woken;       // of workers that sleep without a thread
    private int _sleepers;
    private int _liveInTurn;
    private bool _isStopping;

    public InferenceQueue(InferenceOptions options, TimeProvider time)
    {
        _options = options;
        _rings = [new RequestRing(options.QueueCapacity), new RequestRing(options.QueueCapacity)];
        _time = time;
        _maxDelay = (long)(options.MaxDelay.TotalSeconds * time.TimestampFrequency);
        if (_maxDelay > 0)
            _due = time.CreateTimer(_ => WakeAll(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private RequestRing Live => _rings[(int)InferencePriority.Live];

    private RequestRing CatchUp => _rings[(int)InferencePriority.CatchUp];

    private int Waiting => Live.Count + CatchUp.Count;

    /// <summary>Requests of <paramref name="priority"/> that wait.</summary>
    public int CountOf(InferencePriority priority)
    {
        lock (_gate)
            return _rings[(int)priority].Count;
    }

    /// <summary>A batch for a worker of this queue, whose session runs batches of <paramref name="sizes"/>.</summary>
    public MicroBatch NewBatch(IReadOnlyList<int> sizes)
    {
        var batch = new MicroBatch(sizes);
        lock (_gate)
            _batches.Add(batch);
        return batch;
    }

    /// <summary>Places a request: true; false when its ring is full; null when its owner has left or the queue is stopping, so that it will
    /// never be taken.</summary>
    /// <exception cref="InvalidOperationException">It is in flight.</exception>
    public bool? TryPost(InferenceRequest request)
    {
        var now = _time.GetTimestamp();
        TaskCompletionSource? woken = null;
        lock (_gate)
        {
            if (request.IsInFlight)
                throw new InvalidOperationException("The request is in flight; it can be posted again when it came back.");
            if (request.Owner.HasLeft || _isStopping)
            {
                request.BeginFlight(now);
                return null;
            }
            var ring = _rings[(int)request.Priority];
            if (ring.IsFull)
                return false;
            request.BeginFlight(now);
            ring.Add(request);
            // A worker that sleeps is woken for the first request (it sets the timer, or starts) and for a full batch.
            if (_sleepers > 0 && (_maxDelay == 0 || Waiting == 1 || Waiting >= _options.MaxBatch))
            {
                _sleepers--;
                Monitor.Pulse(_gate);
                (woken, _woken) = (_woken, null);
            }
        }
        woken?.SetResult();
        return true;
    }

    /// <summary>Completes when half of the places of <paramref name="priority"/> are free, or the queue is stopping.</summary>
    public ValueTask WaitForSpaceAsync(InferencePriority priority, CancellationToken stop)
    {
        lock (_gate)
        {
            if (_isStopping || _rings[(int)priority].IsHalfFree)
                return ValueTask.CompletedTask;
            var space = _space[(int)priority] ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(Awaiting.AllAsync(space.Task).WaitAsync(stop));
        }
    }

    /// <summary>Fills an empty batch when one is due; false when none is. Never waits.</summary>
    public bool TryTake(MicroBatch batch)
    {
        TaskCompletionSource? live, catchUp;
        lock (_gate)
        {
            if (!IsDue(out _))
                return false;
            Fill(batch);
            (live, catchUp) = (FindFreed(InferencePriority.Live), FindFreed(InferencePriority.CatchUp));
        }
        live?.SetResult();
        catchUp?.SetResult();
        return true;
    }

    /// <summary>Waits until a batch may be due; false when the queue is stopped and empty. Blocks the worker's thread.</summary>
    public bool Wait()
    {
        lock (_gate)
        {
            while (!IsDue(out var wait))
            {
                if (_isStopping)
                    return false;
                BeginSleep_NeedsGate(wait);
                Monitor.Wait(_gate);
            }
            return true;
        }
    }

    /// <summary>The same without a thread to block. Workers of one queue all wait in the one way or all in the other.</summary>
    public async ValueTask<bool> WaitAsync()
    {
        while (true)
        {
            Task woken;
            lock (_gate)
            {
                if (IsDue(out var wait))
                    return true;
                if (_isStopping)
                    return false;
                BeginSleep_NeedsGate(wait);
                woken = (_woken ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            await woken;
        }
    }

    /// <summary>Empties a batch whose requests have come back.</summary>
    public void Finish(MicroBatch batch)
    {
        TaskCompletionSource? computed;
        lock (_gate)
            computed = batch.Clear();
        computed?.SetResult();
    }

    /// <summary>
    /// Marks the owner as gone, takes its waiting requests out into <paramref name="cancelled"/>, and returns what completes when each
    /// batch that computes some of it has come back.
    /// </summary>
    public Task[] Cancel(InferenceOwner owner, List<InferenceRequest> cancelled)
    {
        TaskCompletionSource? live, catchUp;
        Task[] computing;
        lock (_gate)
        {
            owner.Leave();
            foreach (var ring in _rings)
                ring.TakeAll(owner, cancelled);
            computing = [.. _batches.Where(b => b.Holds(owner)).Select(b => b.WhenComputed())];
            (live, catchUp) = (FindFreed(InferencePriority.Live), FindFreed(InferencePriority.CatchUp));
        }
        live?.SetResult();
        catchUp?.SetResult();
        return computing;
    }

    /// <summary>Takes no more requests; those that wait are due at once.</summary>
    public void Stop()
    {
        TaskCompletionSource?[] space;
        lock (_gate)
        {
            _isStopping = true;
            space = [.. _space];
            Array.Clear(_space);
        }
        WakeAll();
        foreach (var waiter in space)
            waiter?.SetResult();
    }

    /// <summary>What no worker took: there is something only when all of them failed.</summary>
    public List<InferenceRequest> TakeLeft()
    {
        var left = new List<InferenceRequest>();
        lock (_gate)
            foreach (var ring in _rings)
                while (ring.Count > 0)
                    left.Add(ring.Take());
        return left;
    }

    public void Dispose() => _due?.Dispose();

    private bool IsDue(out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (Waiting == 0)
            return false;
        if (_maxDelay == 0 || _isStopping || Waiting >= _options.MaxBatch)
            return true;
        var oldest = Math.Min(Live.Count > 0 ? Live.Oldest.PostedAt : long.MaxValue, CatchUp.Count > 0 ? CatchUp.Oldest.PostedAt : long.MaxValue);
        var left = oldest + _maxDelay - _time.GetTimestamp();
        // Rounded up: a timer that fires a tick early would have to be set again.
        wait = left <= 0 ? TimeSpan.Zero : TimeSpan.FromTicks((long)Math.Ceiling(left * (double)TimeSpan.TicksPerSecond / _time.TimestampFrequency));
        return left <= 0;
    }

    private void Fill(MicroBatch batch)
    {
        var now = _time.GetTimestamp();
        for (var left = MicroBatch.RowsToTake(Waiting, batch.Sizes); left > 0; left--)
        {
            var request = Next();
            request.StartedAt = now;
            batch.Add(request);
        }
    }

    private InferenceRequest Next()
    {
        if (Live.Count > 0 && (CatchUp.Count == 0 || _liveInTurn < LivePerCatchUp))
        {
            _liveInTurn = CatchUp.Count == 0 ? 0 : _liveInTurn + 1;
            return Live.Take();
        }
        _liveInTurn = 0;
        return CatchUp.Take();
    }

    private TaskCompletionSource? FindFreed(InferencePriority priority)
    {
        if (!_rings[(int)priority].IsHalfFree)
            return null;
        var space = _space[(int)priority];
        _space[(int)priority] = null;
        return space;
    }

    private void BeginSleep_NeedsGate(TimeSpan wait)
    {
        if (wait > TimeSpan.Zero)
            _due?.Change(wait, Timeout.InfiniteTimeSpan);
        _sleepers++;
    }

    private void WakeAll()
    {
        TaskCompletionSource? woken;
        lock (_gate)
        {
            _sleepers = 0;
            Monitor.PulseAll(_gate);
            (woken, _woken) = (_woken, null);
        }
        woken?.SetResult();
    }
}
