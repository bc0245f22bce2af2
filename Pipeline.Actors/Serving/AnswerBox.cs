namespace Pipeline.Actors.Serving;

/// <summary>
/// The way of answers into a shard's loop, beside its mailbox: never full, because each answer brings its own place
/// (<see cref="WaitingPoint.Next"/>). Any thread adds; the loop, which the questions' owner wakes once a batch, takes all at once.
/// </summary>
internal sealed class AnswerBox
{
    private readonly Lock _lock = new();
    private WaitingPoint? _first;
    private WaitingPoint? _last;

    /// <summary>Whether no answer is in it.</summary>
    public bool IsEmpty => Volatile.Read(ref _first) is null;

    /// <summary>Adds an answered point; never waits.</summary>
    public void Add(WaitingPoint answered)
    {
        lock (_lock)
        {
            if (_last is null)
                _first = answered;
            else
                _last.Next = answered;
            _last = answered;
        }
    }

    /// <summary>Takes all out, as a chain in the order in which they came; null when there is none. The loop only.</summary>
    public WaitingPoint? TakeAll()
    {
        if (IsEmpty)
            return null;
        lock (_lock)
        {
            var first = _first;
            (_first, _last) = (null, null);
            return first;
        }
    }
}
