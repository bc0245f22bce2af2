namespace Pipeline.Actors.Inference;

/// <summary>
/// The requests of one forward pass, and the rule by which a batch closes. Belongs to one worker; filled, scanned and emptied under the
/// queue's lock, computed outside of it.
/// </summary>
internal sealed class MicroBatch(IReadOnlyList<int> sizes)
{
    private readonly InferenceRequest[] _requests = new InferenceRequest[sizes[^1]];
    private TaskCompletionSource? _computed;

    /// <summary>Sizes that its session was warmed up for, ascending.</summary>
    public IReadOnlyList<int> Sizes { get; } = sizes;

    /// <summary>Rows in it.</summary>
    public int Count { get; private set; }

    /// <summary>The requests, in the order of their rows.</summary>
    public ReadOnlySpan<InferenceRequest> Requests => _requests.AsSpan(0, Count);

    /// <summary>
    /// How many of <paramref name="waiting"/> requests to take: all, up to the largest size, unless padding them to the next size would
    /// waste more than a quarter of it; then as many as fill the size below, and the rest waits for the next batch.
    /// </summary>
    public static int RowsToTake(int waiting, IReadOnlyList<int> sizes)
    {
        if (waiting >= sizes[^1])
            return sizes[^1];
        var i = 0;
        while (sizes[i] < waiting)
            i++;
        return i == 0 || 4 * waiting >= 3 * sizes[i] ? waiting : sizes[i - 1];
    }

    public void Add(InferenceRequest request) => _requests[Count++] = request;

    public bool Holds(InferenceOwner owner)
    {
        foreach (var request in Requests)
            if (request.Owner == owner)
                return true;
        return false;
    }

    /// <summary>Completes when the requests of the present pass have come back.</summary>
    public Task WhenComputed() => (_computed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Empties it; the result is to be completed outside of the lock.</summary>
    public TaskCompletionSource? Clear()
    {
        Array.Clear(_requests, 0, Count);
        Count = 0;
        var computed = _computed;
        _computed = null;
        return computed;
    }
}
