namespace Pipeline.Tests.Simulation;

/// <summary>One seed, from the first record to the moment at which all is stored and committed, on one thread.</summary>
internal sealed class History
{
    /// <summary>Seeds in a row that are histories of the same records: what comes of them undisturbed is made once.</summary>
    public const int HistoriesOfWorkload = 5;

    private const int WorkerCount = 3, StepsBetweenLooks = 128;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Afterwards = TimeSpan.FromSeconds(2);

    [ThreadStatic]
    private static (int Number, Workload Workload, Expected Expected)? _ofThread;

    private readonly World _world;
    private readonly Workload _workload;
    private readonly Expected _expected;
    private readonly SimulatedStore _store;
    private readonly SimulatedBroker _broker;
    private readonly Ownership _ownership = new();
    private readonly Fleet _fleet;
    private readonly Faults _faults;

    private History(int seed, bool isTold, PlantedBug bug)
    {
        _world = new World(seed, isTold);
        (_, _workload, _expected) = WorkloadOf(seed / HistoriesOfWorkload);
        _store = new SimulatedStore(_world, _workload, _expected, _ownership);
        var group = new SimulatedGroup(_world);
        _broker = new SimulatedBroker(_world, _workload, _expected, _store, group) { IsUnfenced = bug == PlantedBug.NoFence, LeavesOutTooMuch = bug == PlantedBug.LeavesOutMoreThanWhatDoesNotFit };
        var settings = Settings.Of(_world.Steps.Random, bug);
        var shards = new SimulatedShards(_world);
        _fleet = new Fleet((name, model) => new Worker(_world, settings, _broker, group, _store, _ownership, shards, model, name));
        _faults = new Faults(_world, _fleet, _broker, group, _store, _workload, shards);
        _store.IsNetworkReplaced = _faults.ReplaceNetwork;
        for (var i = 0; i < WorkerCount; i++)
            _fleet.Start();
    }

    /// <summary>What is wrong with a seed; null when nothing is.</summary>
    public static string? FindFault(int seed, PlantedBug bug = PlantedBug.None) => Run(seed, isTold: false, bug)._world.Fault;

    /// <summary>The same, with its story.</summary>
    public static (string? Fault, IReadOnlyList<string> Story, long StepCount) Tell(int seed, PlantedBug bug = PlantedBug.None)
    {
        var world = Run(seed, isTold: true, bug)._world;
        return (world.Fault, world.Lines, world.Steps.Count);
    }

    private static History Run(int seed, bool isTold, PlantedBug bug)
    {
        // The test framework's context would take what is awaited to other threads.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            var history = new History(seed, isTold, bug);
            history.Run();
            return history;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private static (int Number, Workload Workload, Expected Expected) WorkloadOf(int number)
    {
        if (_ofThread is { } last && last.Number == number)
            return last;
        var workload = new Workload(number);
        var made = (number, workload, Expected.Of(workload, _ => []));
        _ofThread = made;
        return made;
    }

    private void Run()
    {
        var steps = _world.Steps;
        long? doneAt = null;
        var faultsOverAt = _workload.End;
        while (_world.Fault is null && (doneAt is null || steps.Now < doneAt + Afterwards.Ticks))
        {
            if (!steps.TryStep())
                _world.Fail("nothing is left to be done");
            if (steps.Stray is { } stray)
                _world.Fail(stray);
            if (steps.Count % StepsBetweenLooks != 0)
                continue;
            foreach (var worker in _fleet.Running)
                if (worker.FindExcess() is { } excess)
                    _world.Fail($"{worker.Process.Name}: {excess}");
            if (_faults.OpenCount > 0)
                faultsOverAt = Math.Max(_workload.End, steps.Now);
            else if (doneAt is null && _broker.IsAllCommitted && steps.Now >= _workload.End)
                doneAt = steps.Now;
            else if (doneAt is null && steps.Now > faultsOverAt + Patience.Ticks)
                _world.Fail($"{Patience.TotalSeconds} s after the last fault and the last record not everything is committed");
        }
        if (_world.Fault is null && !_store.HasAll)
            _world.Fail("everything is committed, but not everything is stored");
        if (_world.Fault is null && _faults.ReplaceNetwork)
            _store.Compare(Expected.Of(_workload, _ownership.Asked));
        foreach (var worker in _fleet.All)
            worker.Bury();
    }
}
