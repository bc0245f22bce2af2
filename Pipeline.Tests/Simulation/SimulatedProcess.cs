using Akka.Dispatch;
using Pipeline.Actors;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// A process: its own scheduler and clock, and its way to the servers. It can stand still, when its steps wait until it goes on, and die,
/// when none of them is ever made; what it has sent arrives all the same.
/// </summary>
internal sealed class SimulatedProcess : TaskScheduler
{
    private static readonly TimeSpan Hop = TimeSpan.FromMilliseconds(4), LongHop = TimeSpan.FromMilliseconds(400);

    private readonly Steps _steps;
    private readonly bool _inlines;
    private readonly List<Step> _waiting = [];
    private Queue<Task>? _settling;
    private bool _isMakingStep;

    /// <summary>Some processes go on with what they waited for at once, as the thread pool does where it may; for others it is another step.</summary>
    public SimulatedProcess(Steps steps, string name, bool inlines)
    {
        (_steps, Name, _inlines) = (steps, name, inlines);
        Clock = new SimulatedClock(steps, this);
        Actors = SimulatedActors.Of(this);
    }

    public string Name { get; }

    public bool IsFrozen { get; private set; }

    public bool IsDead { get; private set; }

    /// <summary>Its clock; its timers are its steps.</summary>
    public TimeProvider Clock { get; }

    /// <summary>Its actor system.</summary>
    public SimulatedActors Actors { get; }

    public void Freeze() => IsFrozen = true;

    public void GoOn()
    {
        IsFrozen = false;
        foreach (var step in _waiting)
            _steps.Add(step);
        _waiting.Clear();
    }

    public void Kill() => IsDead = true;

    /// <summary>
    /// The history is over. Actors that are about to run do so once more, only because their system could not be used again otherwise.
    /// </summary>
    public void Bury()
    {
        _waiting.AddRange(_steps.TakeAll(this));
        Settle(() =>
        {
            foreach (var step in _waiting)
                if (IsOfActor(step))
                    _settling!.Enqueue(step.Task!);     // Settle has set it
        });
        Actors.Return();
    }

    /// <summary>Makes a step, or keeps it while the process stands still.</summary>
    public void Make(Step step)
    {
        if (IsDead || IsFrozen)
        {
            if (IsFrozen || IsOfActor(step))
                _waiting.Add(step);
            return;
        }
        if (step.Task is not { } task)
        {
            step.Happen!();     // a step has a task or this
            return;
        }
        _isMakingStep = true;
        TryExecuteTask(task);
        _isMakingStep = false;
    }

    /// <summary>Does something, and all that comes of it, at once: it belongs to no history.</summary>
    public void Settle(Action something)
    {
        if (_settling is not null)
            throw new InvalidOperationException("It is being done already.");
        _settling = new Queue<Task>();
        new Task(something).Start(this);
        while (_settling.TryDequeue(out var task))
            TryExecuteTask(task);
        _settling = null;
    }

    /// <summary>Partitions in the process. The actors that they begin with run: a graph that is started earlier would wait for them, and block.</summary>
    public Partitions Partitions(TopologyOptions options, IPatientSink sink, PartitionParts parts)
    {
        Partitions made = null!;        // made before Settle returns
        Settle(() => made = new Partitions(options, [sink], Clock, parts));
        return made;
    }

    /// <summary>Something of the process is due after a while.</summary>
    public void After(TimeSpan wait, Action happen) => _steps.After(wait, this, happen);

    /// <summary>Runs <paramref name="work"/> as one of the process's own.</summary>
    public Task Start(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    /// <summary>Asks a server, which is reached, and answers, after some time; the answer waits for a process that stands still.</summary>
    public Task<T> CallAsync<T>(Func<T> ask) => CallAsync<T>(answer => answer(ask()));

    /// <summary>The same for a server that answers later.</summary>
    public Task<T> CallAsync<T>(Action<Action<T>> ask)
    {
        var answered = new TaskCompletionSource<T>();
        _steps.After(SomeHop(), null, () => ask(answer => _steps.After(SomeHop(), this, () => answered.TrySetResult(answer))));
        return answered.Task;
    }

    protected override void QueueTask(Task task)
    {
        if (_settling is { } settling)
            settling.Enqueue(task);
        else
            _steps.Add(new Step(this, task, null));
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        _inlines && _isMakingStep && !taskWasPreviouslyQueued && Current == this && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => [];

    private static bool IsOfActor(Step step) => step.Task?.AsyncState is Mailbox;

    private TimeSpan SomeHop() => _steps.Some(_steps.Random.Next(50) == 0 ? LongHop : Hop);
}
