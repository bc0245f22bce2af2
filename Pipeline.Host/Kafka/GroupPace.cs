using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Keeps a publisher at most so many bytes ahead of what a group has committed, in each partition: the embedded broker silently drops what
/// is further ahead. Thread-safe.
/// </summary>
internal sealed class GroupPace : IAsyncDisposable
{
    // A record's framing in a batch, and its share of the batch's own.
    private const int Framing = 80;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20), Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly long _limit;
    private readonly string _topic;
    private readonly Dictionary<int, Backlog> _backlogs = [];
    private readonly IConsumer<Ignore, Ignore> _group;
    private readonly CancellationTokenSource _stop = new();
    private readonly ClientHealth _health;
    private readonly Task _looking;
    private TaskCompletionSource? _roomMade;
    private long _underway;

    public GroupPace(KafkaOptions options, string topic, long limit, ILogger log, TimeProvider time)
    {
        _limit = limit;
        _topic = topic;
        _health = new ClientHealth("pace", options, log, time);
        _group = new ConsumerBuilder<Ignore, Ignore>(ClientSettings.Reader(options))
            .SetErrorHandler((_, error) => _health.Note(error))
            .SetLogHandler((_, message) => _health.NoteLibrary(message))
            .Build();
        _looking = LookAsync(time, _stop.Token);
    }

    /// <summary>Waits until the fullest partition can take a record of <paramref name="size"/> bytes of key and value.</summary>
    public async ValueTask WaitAsync(int size, CancellationToken stop)
    {
        while (true)
        {
            Task made;
            lock (_lock)
            {
                // Which partition it goes to is known when it is there: all that is underway may go to the fullest.
                if (Fullest_NeedsLock() + _underway + size + Framing <= _limit || (_underway == 0 && Fullest_NeedsLock() == 0))
                {
                    _underway += size + Framing;
                    return;
                }
                _roomMade ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                made = _roomMade.Task;
            }
            await made.WaitAsync(stop);
        }
    }

    /// <summary>The broker has a record, or will never have it.</summary>
    public void Note(TopicPartitionOffset at, int size, bool delivered)
    {
        lock (_lock)
        {
            _underway -= size + Framing;
            if (delivered)
                (CollectionsMarshal.GetValueRefOrAddDefault(_backlogs, at.Partition.Value, out _) ??= new Backlog()).Add(at.Offset.Value, size + Framing);
        }
    }

    /// <summary>Whether some partition holds more than a quarter of what it may: worth a look at the group.</summary>
    private bool IsWorthALook()
    {
        lock (_lock)
            return Fullest_NeedsLock() > _limit / 4;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _looking;
        _group.Dispose();
        _stop.Dispose();
    }

    private async Task LookAsync(TimeProvider time, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Look, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
                if (IsWorthALook())
                    AskGroup();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Disposed of.
        }
    }

    private void AskGroup()
    {
        TopicPartition[] partitions;
        lock (_lock)
            partitions = [.. _backlogs.Keys.Select(partition => new TopicPartition(_topic, partition))];
        try
        {
            var committed = _group.Committed(partitions, Patience);
            _health.NoteReached();
            TaskCompletionSource? made;
            lock (_lock)
            {
                foreach (var at in committed)
                    if (!at.Offset.IsSpecial)
                        _backlogs[at.Partition.Value].RemoveBefore(at.Offset.Value);
                (made, _roomMade) = (_roomMade, null);
            }
            made?.SetResult();
        }
        catch (KafkaException fault)
        {
            _health.Note(fault.Error);
        }
    }

    private long Fullest_NeedsLock()
    {
        var fullest = 0L;
        foreach (var backlog in _backlogs.Values)
            fullest = Math.Max(fullest, backlog.Bytes);
        return fullest;
    }

    private sealed class Backlog
    {
        private readonly Queue<(long Offset, int Size)> _records = new();

        public long Bytes { get; private set; }

        public void Add(long offset, int size)
        {
            _records.Enqueue((offset, size));
            Bytes += size;
        }

        public void RemoveBefore(long offset)
        {
            while (_records.TryPeek(out var first) && first.Offset < offset)
            {
                _records.Dequeue();
                Bytes -= first.Size;
            }
        }
    }
}
