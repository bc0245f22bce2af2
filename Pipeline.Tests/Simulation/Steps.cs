namespace Pipeline.Tests.Simulation;

/// <summary>
/// The one thread of a history: what could run now, what becomes due later, and the time. Which of the ready steps is next, the seed says; time
/// passes a little with each of them, and jumps to what is due when none is ready.
/// </summary>
internal sealed class Steps(int seed)
{
    private const int MostTicksOfStep = 400;    // 40 µs
    private const int NumberBits = 24;          // of the waits of a history; the rest is for 15 hours of ticks

    private readonly List<Step> _ready = new(64);
    private readonly PriorityQueue<Step, long> _due = new(256);     // by time, then by number
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _dueCount;

    /// <summary>Of the order of steps and of the lengths of waits, but not of what is simulated.</summary>
    public Random Random { get; } = new(seed);

    /// <summary>Time since the beginning, in ticks.</summary>
    public long Now { get; private set; }

    /// <summary>Steps that were made.</summary>
    public long Count { get; private set; }

    /// <summary>A step is ready.</summary>
    public void Add(Step step)
    {
        if (Environment.CurrentManagedThreadId != _thread)
            throw new InvalidOperationException("Something of the history runs on another thread.");
        _ready.Add(step);
    }

    /// <summary>Something will happen: in <paramref name="owner"/>, or (null) in the world, which never stands still.</summary>
    public void After(TimeSpan wait, SimulatedProcess? owner, Action happen) =>
        _due.Enqueue(new Step(owner, null, happen), ((Now + Math.Max(0, wait.Ticks)) << NumberBits) + _dueCount++);

    /// <summary>A wait of up to <paramref name="most"/>.</summary>
    public TimeSpan Some(TimeSpan most) => TimeSpan.FromTicks((long)(Random.NextDouble() * most.Ticks));

    /// <summary>Makes one step; false when nothing is left to be done.</summary>
    public bool TryStep()
    {
        if (_ready.Count == 0 && _due.TryPeek(out _, out var first))
            Now = Math.Max(Now, first >> NumberBits);
        while (_due.TryPeek(out var step, out var when) && when >> NumberBits <= Now)
        {
            _due.Dequeue();
            _ready.Add(step);
        }
        if (_ready.Count == 0)
            return false;
        var chosen = Random.Next(_ready.Count);
        var next = _ready[chosen];
        _ready[chosen] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        Count++;
        Now += Random.Next(MostTicksOfStep);
        if (next.Process is { } process)
            process.Make(next);
        else
            next.Happen!();     // a step has a task or this
        return true;
    }
}

/// <summary>One step: a task of a process, or something that happens.</summary>
internal readonly record struct Step(SimulatedProcess? Process, Task? Task, Action? Happen);
