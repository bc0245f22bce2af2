using System.Runtime;

namespace Pipeline.Training.Torch;

/// <summary>
/// Keeps garbage collections out of work on tensors. TorchSharp turns every number of an operator, its own factors of 1 too, into a native
/// object with a finalizer and passes only the pointer. A collection that another thread starts meanwhile can free the number before
/// libtorch reads it: a wrong result, or "Expected false to be true" (seen after some hundred steps on a loaded machine).
/// </summary>
internal static class CollectionPause
{
    private const long BudgetBytes = 200L << 20;   // a training step of the heart-rate network allocates about 20 MB
    private static readonly Lock Gate = new();
    private static long _allocatedBefore;
    private static int _users;

    /// <summary>
    /// Call before each piece of work that allocates less than 100 MB (a step, a recording), and dispose after it. Collects first when much
    /// was allocated since the last collection, so the pause usually costs nothing. The pause is of the process: threads may nest and
    /// overlap.
    /// </summary>
    public static IDisposable Begin()
    {
        lock (Gate)
        {
            if (_users++ == 0)
                Renew();
        }
        return new Use();
    }

    private static void Renew()
    {
        var isPaused = GCSettings.LatencyMode == GCLatencyMode.NoGCRegion;
        if (isPaused && GC.GetTotalAllocatedBytes() - _allocatedBefore < BudgetBytes / 2)
            return;
        if (isPaused)
            End();
        _ = GC.TryStartNoGCRegion(BudgetBytes);
        _allocatedBefore = GC.GetTotalAllocatedBytes();
    }

    private static void End()
    {
        try
        {
            GC.EndNoGCRegion();
        }
        catch (InvalidOperationException)
        {
            // A collection came between the look and the call, and has ended the pause.
        }
    }

    private sealed class Use : IDisposable
    {
        private int _isDisposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
                return;
            lock (Gate)
                _users--;
        }
    }
}
