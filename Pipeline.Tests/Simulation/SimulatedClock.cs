namespace Pipeline.Tests.Simulation;

/// <summary>The time of a history, as a process sees it; its timers are steps of the process.</summary>
internal sealed class SimulatedClock(Steps steps, SimulatedProcess process) : TimeProvider
{
    private static readonly DateTimeOffset Beginning = new(2026, 7, 1, 8, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Beginning.AddTicks(steps.Now);

    public override long GetTimestamp() => steps.Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero)
            throw new NotSupportedException("No timer of the pipeline repeats.");
        var timer = new SimulatedTimer(steps, process, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimulatedTimer(Steps steps, SimulatedProcess process, TimerCallback callback, object? state) : ITimer
    {
        private int _setCount;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var set = ++_setCount;
            if (dueTime != Timeout.InfiniteTimeSpan)
                steps.After(dueTime, process, () =>
                {
                    if (set == _setCount)
                        callback(state);
                });
            return true;
        }

        public void Dispose() => _setCount++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
