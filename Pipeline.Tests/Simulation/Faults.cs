using Pipeline.Models.Features;
using Pipeline.Models.Signals;

namespace Pipeline.Tests.Simulation;

/// <summary>What happens to a history.</summary>
internal enum Fault
{
    Crash,
    CrashInTransaction,
    Freeze,
    FreezeInTransaction,
    Leave,
    RebalanceStorm,
    StoreRefuses,
    StoreIsSlow,
    StoreLies,
    ShardsAreSlow,
    MessagesAreLost,
    SnapshotIsUnreadable,
    RecordsComeAgain,
    RecordsAreSkipped,
    SnapshotIsTooLarge,
    NewNetwork,
}

/// <summary>The faults of one history, at moments and of lengths that the seed says: 5 to 8 of them, the first soon, the last before the records end.</summary>
internal sealed class Faults
{
    private static readonly TimeSpan LongestFreeze = TimeSpan.FromSeconds(5), LongestMood = TimeSpan.FromSeconds(4), LongestStart = TimeSpan.FromSeconds(2);

    private readonly World _world;
    private readonly Fleet _fleet;
    private readonly SimulatedBroker _broker;
    private readonly SimulatedGroup _group;
    private readonly SimulatedStore _store;
    private readonly SimulatedShards _shards;
    private readonly Workload _workload;
    private readonly List<(string Process, Action Then)> _torn = [];
    private int _moods;

    public Faults(World world, Fleet fleet, SimulatedBroker broker, SimulatedGroup group, SimulatedStore store, Workload workload, SimulatedShards shards)
    {
        (_world, _fleet, _broker, _group, _store, _workload, _shards) = (world, fleet, broker, group, store, workload, shards);
        broker.Written = Tear;
        var random = world.Steps.Random;
        var kinds = Enum.GetValues<Fault>();
        for (var left = 5 + random.Next(4); left > 0; left--)
        {
            var kind = kinds[random.Next(kinds.Length - (ReplaceNetwork ? 1 : 0))];
            ReplaceNetwork |= kind == Fault.NewNetwork;
            var at = TimeSpan.FromTicks((long)(workload.End * (0.05 + 0.9 * random.NextDouble())));
            OpenCount++;
            world.Steps.After(at, null, () => Begin(kind));
        }
    }

    /// <summary>Faults that have not ended.</summary>
    public int OpenCount { get; private set; }

    /// <summary>Whether a new version of the network comes.</summary>
    public bool ReplaceNetwork { get; }

    private void Begin(Fault kind)
    {
        var random = _world.Steps.Random;
        var victim = _fleet.Running.Count > 0 ? _fleet.Running[random.Next(_fleet.Running.Count)] : null;
        _world.Story?.Tell("FAULT", $"{kind} {victim?.Process.Name}");
        switch (kind)
        {
            case Fault.RebalanceStorm:
                Shake(3 + random.Next(4));
                break;
            case Fault.NewNetwork:
                ReplaceAll();
                break;
            case Fault.StoreRefuses:
                Set(StoreMood.Refusing);
                break;
            case Fault.StoreIsSlow:
                Set(StoreMood.Slow);
                break;
            case Fault.StoreLies:
                Set(StoreMood.Lying);
                break;
            case Fault.ShardsAreSlow:
                _shards.AreSlow = true;
                _world.Steps.After(_world.Steps.Some(LongestMood), null, () =>
                {
                    _shards.AreSlow = false;
                    OpenCount--;
                });
                break;
            case Fault.MessagesAreLost when victim is not null:
                victim.Region.ToLoseCount += random.Next(1, 4);
                OpenCount--;
                break;
            case Fault.RecordsComeAgain when victim is not null:
                victim.GoBack(random.Next(1, 30));
                OpenCount--;
                break;
            case Fault.RecordsAreSkipped when victim is not null:
                victim.Skip(random.Next(1, 10));
                OpenCount--;
                break;
            case Fault.SnapshotIsTooLarge:
                var large = _workload.Patients[random.Next(_workload.Patients.Length)];
                _world.Large.Add(large);
                _world.Exempt.Add(large);
                _world.Steps.After(_world.Steps.Some(LongestMood), null, () =>
                {
                    _world.Large.Remove(large);
                    OpenCount--;
                });
                break;
            case Fault.SnapshotIsUnreadable when victim is not null:
                victim.Disk.Unreadable = new PatientId(_workload.Patients[random.Next(_workload.Patients.Length)]);
                _world.Steps.After(_world.Steps.Some(LongestMood), null, () =>
                {
                    victim.Disk.Unreadable = null;
                    OpenCount--;
                });
                break;
            case Fault.Leave when victim is not null:
                victim.Leave();
                StartAnother();
                break;
            case Fault.Crash when victim is not null:
                Crash(victim);
                break;
            case Fault.Freeze when victim is not null:
                Freeze(victim);
                break;
            case Fault.CrashInTransaction when victim is not null:
                Await(victim, () => Crash(victim));
                break;
            case Fault.FreezeInTransaction when victim is not null:
                Await(victim, () => Freeze(victim));
                break;
            default:
                OpenCount--;
                break;
        }
    }

    /// <summary>Every process sees it some time later, and new ones at once.</summary>
    private void ReplaceAll()
    {
        _fleet.Model = SimulatedModels.Second;
        foreach (var worker in _fleet.All.Where(worker => !worker.Process.IsDead))
            _world.Steps.After(_world.Steps.Some(LongestStart), worker.Process, worker.Reload);
        _world.Steps.After(LongestStart, null, () => OpenCount--);
    }

    private void Crash(Worker victim)
    {
        _world.Story?.Tell("FAULT", $"{victim.Process.Name} dies");
        victim.Process.Kill();
        StartAnother();
    }

    private void StartAnother() => _world.Steps.After(_world.Steps.Some(LongestStart), null, () =>
    {
        _fleet.Start();
        OpenCount--;
    });

    private void Freeze(Worker victim)
    {
        _world.Story?.Tell("FAULT", $"{victim.Process.Name} stands still");
        victim.Process.Freeze();
        _world.Steps.After(_world.Steps.Some(LongestFreeze), null, () =>
        {
            _world.Story?.Tell("FAULT", $"{victim.Process.Name} goes on");
            victim.Process.GoOn();
            OpenCount--;
        });
    }

    /// <summary>It happens in the victim's next transaction, unless none comes for a while.</summary>
    private void Await(Worker victim, Action then)
    {
        var one = (victim.Process.Name, then);
        _torn.Add(one);
        _world.Steps.After(LongestFreeze, null, () =>
        {
            if (_torn.Remove(one))
                OpenCount--;
        });
    }

    /// <summary>A part of a process's transaction has come: it may be the moment for what waits for it.</summary>
    private void Tear(string process)
    {
        var due = _torn.FindIndex(torn => torn.Process == process);
        if (due < 0 || _world.Steps.Random.Next(3) > 0)
            return;
        var then = _torn[due].Then;
        _torn.RemoveAt(due);
        then();
    }

    private void Shake(int times)
    {
        _group.Shake(_world.Steps.Random.Next(Workload.PartitionCount));
        if (times > 1)
            _world.Steps.After(_world.Steps.Some(TimeSpan.FromSeconds(1)), null, () => Shake(times - 1));
        else
            OpenCount--;
    }

    private void Set(StoreMood mood)
    {
        var number = ++_moods;
        _store.Mood = mood;
        _world.Steps.After(_world.Steps.Some(LongestMood), null, () =>
        {
            if (number == _moods)
                _store.Mood = StoreMood.Well;
            OpenCount--;
        });
    }
}

/// <summary>The processes of a history, dead ones included.</summary>
internal sealed class Fleet(Func<string, RateModel, Worker> make)
{
    private readonly List<Worker> _workers = [];

    public List<Worker> All => _workers;

    /// <summary>The network that a process begins with.</summary>
    public RateModel Model { get; set; } = SimulatedModels.First;

    /// <summary>Those to which something can happen.</summary>
    public IReadOnlyList<Worker> Running => [.. _workers.Where(w => !w.Process.IsDead && !w.Process.IsFrozen && !w.IsGone)];

    public void Start()
    {
        var worker = make($"w{_workers.Count}", Model);
        _workers.Add(worker);
        worker.Start();
    }
}
