using Akka.Dispatch;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// The one thread of a history: what could run now, what becomes due later, and the time. Which of the ready steps is next, the seed says; time
/// passes a little with each of them, and jumps to what is due when none is ready. Actors that one step wakes are ready in the order in which they were
/// first woken: Akka wakes a parent's children by the hashes of their names, which are others in every run.
/// </summary>
internal sealed class Steps(int seed)
{
    private const int MostTicksOfStep = 400;    // 40 µs
    private const int NumberBits = 24;          // of the waits of a history; the rest is for 15 hours of ticks

    private readonly List<Step> _ready = new(64);
    private readonly PriorityQueue<Step, long> _due = new(256);     // by time, then by number
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly Dictionary<Mailbox, int> _actors = new(ReferenceEqualityComparer.Instance);
    private readonly List<Step> _woken = [];
    private long _dueCount;
    private volatile string? _stray;

    /// <summary>Of the order of steps and of the lengths of waits, but not of what is simulated.</summary>
    public Random Random { get; } = new(seed);

    /// <summary>Time since the beginning, in ticks.</summary>
    public long Now { get; private set; }

    /// <summary>Steps that were made.</summary>
    public long Count { get; private set; }

    /// <summary>Something ran on another thread, where no seed decides when: the first such step, and where it came from; null when nothing did.</summary>
    public string? Stray => _stray;

    /// <summary>A step is ready.</summary>
    /// <exception cref="InvalidOperationException">Another thread calls; whoever swallows this is told of by <see cref="Stray"/>.</exception>
    public void Add(Step step)
    {
        if (Environment.CurrentManagedThreadId != _thread)
            throw new InvalidOperationException(_stray = $"Something of the history runs on another thread: {Environment.StackTrace}");
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
        var before = _ready.Count;
        if (next.Process is { } process)
            process.Make(next);
        else
            next.Happen!();     // a step has a task or this
        Order(before);
        return true;
    }

    /// <summary>Takes out all steps of a process that are ready.</summary>
    public List<Step> TakeAll(SimulatedProcess process)
    {
        var taken = _ready.FindAll(step => step.Process == process);
        _ready.RemoveAll(step => step.Process == process);
        return taken;
    }

    /// <summary>Orders the actors among the steps that became ready last.</summary>
    private void Order(int first)
    {
        for (var i = first; i < _ready.Count; i++)
            if (ActorOf(_ready[i]) is { } actor)
            {
                _actors.TryAdd(actor, _actors.Count);
                _woken.Add(_ready[i]);
            }
        if (_woken.Count > 1)
        {
            _woken.Sort((a, b) => _actors[ActorOf(a)!].CompareTo(_actors[ActorOf(b)!]));    // all have one
            var next = 0;
            for (var i = first; i < _ready.Count; i++)
                if (ActorOf(_ready[i]) is not null)
                    _ready[i] = _woken[next++];
        }
        _woken.Clear();
    }

    private static Mailbox? ActorOf(Step step) => step.Task?.AsyncState as Mailbox;
}

/// <summary>One step: a task of a process, or something that happens.</summary>
internal readonly record struct Step(SimulatedProcess? Process, Task? Task, Action? Happen);
