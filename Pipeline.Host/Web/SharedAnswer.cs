namespace Pipeline.Host.Web;

/// <summary>An answer that is made once for all who ask within a moment, so that many readers cost little more than one. Thread-safe.</summary>
/// <param name="keeps">For how long after it was asked for an answer is given again.</param>
/// <param name="time">The clock.</param>
/// <param name="make">Makes an answer; not ended by a reader who leaves.</param>
internal sealed class SharedAnswer(TimeSpan keeps, TimeProvider time, Func<Task<byte[]>> make)
{
    private readonly Lock _lock = new();
    private Task<byte[]>? _answer;
    private long _askedAt;

    /// <summary>The answer that is being made, or one that is new enough.</summary>
    public Task<byte[]> GetAsync(CancellationToken stop)
    {
        lock (_lock)
        {
            if (_answer is null || (_answer.IsCompleted && (!_answer.IsCompletedSuccessfully || time.GetElapsedTime(_askedAt) >= keeps)))
                (_answer, _askedAt) = (make(), time.GetTimestamp());
            return _answer.WaitAsync(stop);
        }
    }
}
