namespace Pipeline.Actors;

/// <summary>
/// The bounded queue of an actor: any number of writers, one reader who takes all that is there at once. A full mailbox refuses; nothing is
/// ever dropped. A ring under one lock, because the reader takes it once for many messages: an uncontended post costs some 20 ns.
/// </summary>
internal sealed class Mailbox<T>
{
    private readonly Lock _lock = new();
    private readonly T[] _items;        // capacity is a power of two; _items[(_head + i) & mask], i = 0.._count-1
    private int _head;
    private int _count;
    private bool _completed;
    private bool _woken;
    private TaskCompletionSource? _reader;      // waits for anything
    private TaskCompletionSource? _sleeper;     // waits for Wake alone
    private TaskCompletionSource? _writers;

    /// <summary>Takes the least capacity; the next power of two is used.</summary>
    public Mailbox(int capacity) => _items = new T[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity)];

    /// <summary>Messages that wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether no message will come any more; those that are in here still wait.</summary>
    public bool IsCompleted => Volatile.Read(ref _completed);

    /// <summary>Places a message; false when the mailbox is full or completed.</summary>
    public bool TryPost(in T message)
    {
        TaskCompletionSource? reader;
        lock (_lock)
        {
            if (_count == _items.Length || _completed)
                return false;
            _items[(_head + _count) & (_items.Length - 1)] = message;
            _count++;
            reader = _reader;
            _reader = null;
        }
        reader?.SetResult();
        return true;
    }

    /// <summary>Places the first of some messages, as many as there is room for, and wakes the reader once; returns how many.</summary>
    public int Post(ReadOnlySpan<T> messages)
    {
        TaskCompletionSource? reader;
        lock (_lock)
        {
            messages = messages[..(_completed ? 0 : Math.Min(messages.Length, _items.Length - _count))];
            if (messages.IsEmpty)
                return 0;
            var tail = (_head + _count) & (_items.Length - 1);
            var first = Math.Min(messages.Length, _items.Length - tail);
            messages[..first].CopyTo(_items.AsSpan(tail));
            messages[first..].CopyTo(_items);
            _count += messages.Length;
            (reader, _reader) = (_reader, null);
        }
        reader?.SetResult();
        return messages.Length;
    }

    /// <summary>Moves up to <paramref name="destination"/>'s length of the oldest messages there; returns how many. Reader only.</summary>
    public int Take(Span<T> destination)
    {
        TaskCompletionSource? writers = null;
        int taken;
        lock (_lock)
        {
            taken = Math.Min(destination.Length, _count);
            var first = Math.Min(taken, _items.Length - _head);
            Move(_items.AsSpan(_head, first), destination);
            Move(_items.AsSpan(0, taken - first), destination[first..]);
            _head = (_head + taken) & (_items.Length - 1);
            _count -= taken;
            if (_count <= _items.Length / 2)
                (writers, _writers) = (_writers, null);
        }
        writers?.SetResult();
        return taken;
    }

    /// <summary>Completes when a message waits, when the mailbox is completed, or after <see cref="Wake"/>. Reader only.</summary>
    public ValueTask WaitAsync()
    {
        lock (_lock)
        {
            if (_count > 0 || _completed || _woken)
            {
                _woken = false;
                return ValueTask.CompletedTask;
            }
            _reader = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_reader.Task);
        }
    }

    /// <summary>Completes after <see cref="Wake"/> alone: for a reader who has no room for a message, or is told that none will come. Reader only.</summary>
    public ValueTask WaitForWakeAsync()
    {
        lock (_lock)
        {
            if (_woken)
            {
                _woken = false;
                return ValueTask.CompletedTask;
            }
            _sleeper = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_sleeper.Task);
        }
    }

    /// <summary>
    /// Completes when at least half of the mailbox is free, or when it is completed; one that is completed already never has space again, so
    /// that a writer whose reader has failed waits for <paramref name="stop"/> and does not spin.
    /// </summary>
    public ValueTask WaitForSpaceAsync(CancellationToken stop)
    {
        lock (_lock)
        {
            if (_count <= _items.Length / 2 && !_completed)
                return ValueTask.CompletedTask;
            if (_completed)
                return new ValueTask(Task.Delay(Timeout.Infinite, stop));
            _writers ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(Awaiting.AllAsync(_writers.Task).WaitAsync(stop));
        }
    }

    /// <summary>Lets the reader look again although no message came: for its timers, and for what reaches it beside the mailbox.</summary>
    public void Wake()
    {
        TaskCompletionSource? reader;
        lock (_lock)
        {
            reader = _reader ?? _sleeper;
            (_reader, _sleeper) = (null, null);
            _woken = reader is null;    // nobody waits: the next wait is over at once
        }
        reader?.SetResult();
    }

    /// <summary>Refuses every message from now on and lets everyone who waits look again.</summary>
    public void Complete()
    {
        TaskCompletionSource? reader, writers;
        lock (_lock)
        {
            _completed = true;
            (reader, _reader) = (_reader, null);
            (writers, _writers) = (_writers, null);
        }
        reader?.SetResult();
        writers?.SetResult();
    }

    private static void Move(Span<T> from, Span<T> to)
    {
        from.CopyTo(to);
        from.Clear();
    }
}
