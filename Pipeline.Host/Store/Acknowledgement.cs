namespace Pipeline.Host.Store;

/// <summary>
/// What one caller of a sink waits for: all parts of its batch stored. Cancelled when the caller gives up; its parts need not be stored then.
/// </summary>
internal sealed class Acknowledgement(int parts)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = parts;

    /// <summary>Completes with the last part.</summary>
    public Task Task => _done.Task;

    /// <summary>Whether nobody waits any more.</summary>
    public bool IsAbandoned => _done.Task.IsCanceled || _done.Task.IsFaulted;

    /// <summary><paramref name="count"/> more parts are stored.</summary>
    public void Stored(int count)
    {
        if (Interlocked.Add(ref _left, -count) == 0)
            _done.TrySetResult();
    }

    /// <summary>The caller, or the sink's end, cancels.</summary>
    public void Cancel(CancellationToken by) => _done.TrySetCanceled(by);

    /// <summary>A fault of this program: the caller's supervision decides.</summary>
    public void Fail(Exception fault) => _done.TrySetException(fault);
}
