using System.Collections.Concurrent;

namespace Pipeline.Tests.Support;

/// <summary>
/// Time in which waiting takes none: a timer that is <paramref name="skipped"/> fires at once and moves the clock by its due time, which is
/// kept in <see cref="Delays"/>; any other (a time limit) never fires.
/// </summary>
internal sealed class InstantDelays(Func<TimeSpan, bool> skipped) : TimeProvider
{
    private readonly ConcurrentQueue<TimeSpan> _delays = new();
    private long _ticks = new DateTimeOffset(2026, 7, 1, 8, 0, 0, TimeSpan.Zero).UtcTicks;

    /// <summary>The delays that were waited for, in order.</summary>
    public IReadOnlyList<TimeSpan> Delays => [.. _delays];

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(InstantDelays time, TimerCallback callback, object? state) : ITimer
    {
        private int _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime < TimeSpan.Zero || !time.Skips(dueTime))
                return true;
            time._delays.Enqueue(dueTime);
            Interlocked.Add(ref time._ticks, dueTime.Ticks);
            ThreadPool.UnsafeQueueUserWorkItem(
                static timer =>
                {
                    if (Volatile.Read(ref timer._disposed) == 0)
                        timer.Fire();
                },
                this, preferLocal: false);
            return true;
        }

        public void Dispose() => Volatile.Write(ref _disposed, 1);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire() => callback(state);
    }

    private bool Skips(TimeSpan dueTime) => skipped(dueTime);
}
