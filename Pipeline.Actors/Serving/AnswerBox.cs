namespace Pipeline.Actors.Serving;

/// <summary>
/// The way of answers into a shard's loop, beside its mailbox: never full, because each answer brings its own place
/// (<see cref="WaitingPoint.Next"/>). Any thread adds; the loop takes all at once.
/// </summary>
/// <param name="wake">Lets the loop look, after the first answer that it has not seen.</param>
internal sealed class AnswerBox(Action wake)
{
    private readonly Lock _lock = new();
    private WaitingPoint? _first;
    private WaitingPoint? _last;

    /// <summary>Whether no answer is in it.</summary>
    public bool IsEmpty => Volatile.Read(ref _first) is null;

    /// <summary>Adds an answered point; never waits.</summary>
    public void Add(WaitingPoint answered)
    {
        bool isFirst;
        lock (_lock)
        {
            isFirst = _first is null;
            if (_last is null)
                _first = answered;
            else
                _last.Next = answered;
            _last = answered;
        }
        if (isFirst)
            wake();
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
