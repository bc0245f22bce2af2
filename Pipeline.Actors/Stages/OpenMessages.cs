namespace Pipeline.Actors.Stages;

/// <summary>
/// The messages to patients' entities that are not acknowledged, the oldest first, and which of them may be lost: one that is older than
/// <paramref name="patience"/> is asked about, and is lost when the entity does not say within the same time that it holds it. Pure; one
/// thread. Not sealed: tests plant bugs in it.
/// </summary>
internal class OpenMessages(TimeProvider time, TimeSpan patience)
{
    private readonly LinkedList<(IForPatient Message, long Since)> _messages = new();
    private readonly Dictionary<IForPatient, LinkedListNode<(IForPatient Message, long Since)>> _nodes = new(ReferenceEqualityComparer.Instance);
    private IForPatient? _asked;
    private long _askedAt;
    private bool _isHeld;

    /// <summary>How many there are.</summary>
    public virtual int Count => _nodes.Count;

    /// <summary>All of them, in no order.</summary>
    protected IEnumerable<IForPatient> All => _nodes.Keys;

    public void Add(IForPatient message) => _nodes.Add(message, _messages.AddLast((message, time.GetTimestamp())));

    public void Remove(IForPatient message)
    {
        if (!_nodes.Remove(message, out var node))
            throw new InvalidOperationException("A message was acknowledged that is not open.");
        _messages.Remove(node);
    }

    /// <summary>The oldest message, when it is time to ask its entity about it; from here on it counts as asked.</summary>
    public IForPatient? FindOld()
    {
        if (_messages.First?.Value is not { } oldest || time.GetElapsedTime(oldest.Since) < patience)
            return null;
        (_asked, _askedAt, _isHeld) = (oldest.Message, time.GetTimestamp(), false);
        return _asked;
    }

    /// <summary>The entity says that it holds the message.</summary>
    public void NoteHeld(IForPatient message) => _isHeld |= ReferenceEquals(_asked, message);

    /// <summary>A message that is open, was asked about, and that the entity does not hold; null when there is none.</summary>
    public virtual IForPatient? FindLost() =>
        _asked is { } asked && !_isHeld && _nodes.ContainsKey(asked) && time.GetElapsedTime(_askedAt) >= patience ? asked : null;
}
