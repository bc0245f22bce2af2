using System.Diagnostics;

namespace Pipeline.Actors.Stages;

/// <summary>
/// The bounded entry of a partition's graph, between the source's thread and the graph's: records and barriers in one order. Full when it
/// holds <c>maxRecords</c> records or <c>maxBytes</c> bytes of them; the source then pauses the partition. Thread-safe.
/// </summary>
/// <param name="maxRecords">1 or more.</param>
/// <param name="maxBytes">Payloads and samples; a single record that is larger is taken when nothing else is in here.</param>
internal sealed class PartitionFeed(int maxRecords, long maxBytes)
{
    private readonly Lock _lock = new();
    private readonly Queue<PartitionElement> _elements = new();
    private Pending? _last;                 // the last element, while records may be added to it
    private TaskCompletionSource? _space;
    private Action? _wake;
    private int _recordCount;
    private long _bytes;
    private bool _isAsleep = true;
    private bool _isCompleted;

    /// <summary>Records that wait. Any thread.</summary>
    public int Count => Volatile.Read(ref _recordCount);

    /// <summary>Takes the first of some records, as many as there is room for, and returns how many. None after
    /// <see cref="Complete"/>.</summary>
    public int Offer(ReadOnlySpan<ShardRecord> records)
    {
        var now = Stopwatch.GetTimestamp();
        var taken = 0;
        Action? wake;
        lock (_lock)
        {
            foreach (ref readonly var record in records)
            {
                if (_isCompleted || !TryAdd_NeedsLock(record, now))
                    break;
                taken++;
            }
            wake = taken > 0 ? Wake_NeedsLock() : null;
        }
        wake?.Invoke();
        return taken;
    }

    /// <summary>A barrier behind all records so far; false after <see cref="Complete"/>.</summary>
    public bool Add(Barrier barrier)
    {
        Action? wake;
        lock (_lock)
        {
            if (_isCompleted)
                return false;
            _elements.Enqueue(barrier);
            _last = null;
            wake = Wake_NeedsLock();
        }
        wake?.Invoke();
        return true;
    }

    /// <summary>Nothing follows.</summary>
    public void Complete()
    {
        Action? wake;
        lock (_lock)
        {
            _isCompleted = true;
            _space?.TrySetResult();
            wake = Wake_NeedsLock();
        }
        wake?.Invoke();
    }

    /// <summary>Completes when half of the records' room is free, or none will be any more.</summary>
    public ValueTask WaitForSpaceAsync(CancellationToken stop)
    {
        lock (_lock)
        {
            if (IsHalfFree_NeedsLock)
                return ValueTask.CompletedTask;
            _space ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(Awaiting.AllAsync(_space.Task).WaitAsync(stop));
        }
    }

    /// <summary>The graph's stage is there; <paramref name="wake"/> is called, by any thread, when there is something for a stage that
    /// found nothing.</summary>
    public void Attach(Action wake)
    {
        lock (_lock)
            _wake = wake;
    }

    /// <summary>The next element; null when there is none, and then <paramref name="isCompleted"/> says whether none follows.</summary>
    public PartitionElement? Take(out bool isCompleted)
    {
        TaskCompletionSource? space = null;
        PartitionElement? next;
        lock (_lock)
        {
            isCompleted = _isCompleted;
            if (!_elements.TryDequeue(out next))
            {
                _isAsleep = true;
                return null;
            }
            if (next is Pending pending)
            {
                if (ReferenceEquals(pending, _last))
                    _last = null;
                _recordCount -= pending.Records.Count;
                _bytes -= pending.Bytes;
                next = new RecordBatch([.. pending.Records], pending.EnteredAt);
            }
            if (_space is not null && IsHalfFree_NeedsLock)
                (space, _space) = (_space, null);
        }
        space?.TrySetResult();
        return next;
    }

    private bool IsHalfFree_NeedsLock => _isCompleted || (_recordCount <= maxRecords / 2 && _bytes <= maxBytes / 2);

    private bool TryAdd_NeedsLock(in ShardRecord record, long now)
    {
        var bytes = Math.Max(record.Payload.Length, record.Chunk?.Samples.Length ?? 0L);    // the samples are a part of the payload where there is one
        if (_recordCount >= maxRecords || (_recordCount > 0 && _bytes + bytes > maxBytes))
            return false;
        if (_last is null || _last.Records.Count >= RecordBatch.MostRecords)
            _elements.Enqueue(_last = new Pending());
        _last.Records.Add(record);
        _last.EnteredAt = now;
        _last.Bytes += bytes;
        _recordCount++;
        _bytes += bytes;
        return true;
    }

    private Action? Wake_NeedsLock()
    {
        if (!_isAsleep || _wake is null)
            return null;
        _isAsleep = false;
        return _wake;
    }

    /// <summary>A batch that records are still added to.</summary>
    private sealed class Pending : PartitionElement
    {
        public List<ShardRecord> Records { get; } = [];

        public long EnteredAt { get; set; }

        public long Bytes { get; set; }
    }
}
