using System.Globalization;
using Akka.Actor;
using Pipeline.Actors.Cluster;

namespace Pipeline.Tests.Cluster;

/// <summary>
/// Processes of one consumer group that start, see the group late and differently, join as Akka does (who is asked and is in a cluster answers; the first contact of its own
/// list begins a cluster when nobody answers), cannot reach each other for a while, and die. One seed = one history.
/// </summary>
internal sealed class FormationWorld
{
    private static readonly TimeSpan JoinTime = TimeSpan.FromSeconds(2.5);

    private readonly List<Process> _processes = [];
    private readonly Random _random;
    private DateTimeOffset _now = new(2026, 7, 1, 8, 0, 0, TimeSpan.Zero);
    private bool _isStable, _isCut;
    private int _clusters;

    public FormationWorld(int seed, int processes)
    {
        _random = new Random(seed);
        for (var index = 0; index < processes; index++)
            _processes.Add(new Process(
                new Address("akka.tcp", "pipeline", "127.0.0.1", 4000 + index), _random.Next(1, 4)));    // equal and reversed starting times among them
    }

    /// <summary>How often a process left a cluster for another.</summary>
    public int Moves { get; private set; }

    /// <summary>Each living process, with the number of its cluster; null: it is in none.</summary>
    public IEnumerable<int?> Clusters => _processes.Where(process => process.IsAlive).Select(process => process.Cluster);

    /// <summary>Random events.</summary>
    public void Disturb(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            var process = _processes[_random.Next(_processes.Count)];
            switch (_random.Next(12))
            {
                case 0:
                    (process.IsInGroup, _isStable) = (process.IsAlive, false);
                    break;
                case 1:
                    _isStable = true;
                    break;
                case 2:
                    _isCut = !_isCut && _random.Next(4) == 0;
                    break;
                case 3 when _processes.Count(one => one.IsAlive) > 1 && _random.Next(6) == 0:
                    process.Die();
                    break;
                case 4 or 5 or 6:
                    See(process);
                    break;
                case 7 or 8:
                    Decide(process);
                    break;
                case 9 or 10:
                    Join(process);
                    break;
                default:
                    Advance(TimeSpan.FromMilliseconds(_random.Next(1, 1_000)));
                    break;
            }
        }
    }

    /// <summary>The network is whole, nobody starts or dies, everybody sees the group as it is.</summary>
    public void Settle(int seconds)
    {
        _isCut = false;
        foreach (var process in _processes)
            process.IsInGroup = process.IsAlive;
        _isStable = true;
        for (var second = 0; second < seconds; second++)
        {
            foreach (var process in _processes.Where(one => one.IsAlive).OrderBy(_ => _random.Next()).ToArray())
            {
                See(process);
                Decide(process);
                Join(process);
            }
            Advance(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>One process after the other starts, and is in the cluster before the next.</summary>
    public void StartOneByOne()
    {
        foreach (var process in _processes)
        {
            (process.IsInGroup, _isStable) = (true, true);
            for (var second = 0; second < 5; second++)
            {
                foreach (var one in _processes.Where(one => one.IsInGroup))
                {
                    See(one);
                    Decide(one);
                    Join(one);
                }
                Advance(TimeSpan.FromSeconds(1));
            }
        }
    }

    public override string ToString() => string.Join("; ", _processes.Select(process => string.Create(
        CultureInfo.InvariantCulture, $"{process.Address.Port} started {process.Started} alive {process.IsAlive} cluster {process.Cluster?.ToString(CultureInfo.InvariantCulture) ?? "-"}")));

    private void See(Process process) =>
        process.View = new GroupMembers(_isStable, _processes.Where(one => one.IsInGroup).Select(one => new GroupNode(one.Address, one.Started)), 0);

    private void Decide(Process process)
    {
        if (!process.IsAlive || process.View is not { } view)
            return;
        // The dead are members until they are out of the group, and downed then.
        var members = process.Cluster is { } cluster
            ? _processes.Where(one => one.Cluster == cluster && (one.IsAlive || one.IsInGroup)).Select(one => one.Address).ToHashSet()
            : [];
        var (step, contacts) = process.Formation.Decide(members, view, _now);
        if (step == FormationStep.Join)
            process.Contacts = [.. contacts];
        if (step == FormationStep.LeaveAndJoin && Find(contacts[0]) is { Cluster: { } elsewhere } && elsewhere != process.Cluster && Reaches(process, contacts[0]))
        {
            Moves++;
            process.Leave();
        }
    }

    private void Join(Process process)
    {
        if (!process.IsAlive || process.Cluster is not null || process.Joining is not null || process.Contacts.Length == 0)
            return;
        var answers = process.Contacts.Where(contact => contact != process.Address && Reaches(process, contact))
            .Select(contact => Find(contact)?.Cluster).OfType<int>().ToArray();
        if (answers.Length > 0)
            process.Joining = (answers[_random.Next(answers.Length)], _now);
        else if (process.Contacts[0] == process.Address)
            process.Enter(++_clusters);
    }

    private void Advance(TimeSpan by)
    {
        _now += by;
        foreach (var process in _processes)
        {
            if (!process.IsAlive && process.DeadFor++ > 6)      // its session ends
                process.IsInGroup = false;
            if (process.Joining is { } joining && (_random.Next(2) == 0 || _now - joining.Since > JoinTime))
                process.Enter(joining.Cluster);
        }
    }

    private Process? Find(Address address) => _processes.FirstOrDefault(process => process.IsAlive && process.Address == address);

    private bool Reaches(Process process, Address other) => !_isCut || process.Address == other;

    private sealed class Process(Address address, long started)
    {
        public Address Address { get; } = address;

        public long Started { get; } = started;

        public bool IsAlive { get; private set; } = true;

        public bool IsInGroup { get; set; }

        public int DeadFor { get; set; }

        public int? Cluster { get; private set; }

        public (int Cluster, DateTimeOffset Since)? Joining { get; set; }

        public Address[] Contacts { get; set; } = [];

        public GroupMembers? View { get; set; }

        public ClusterFormation Formation { get; private set; } = new(address);

        public void Enter(int cluster) => (Cluster, Joining, Contacts) = (cluster, null, []);

        public void Leave() => (Cluster, Joining, Contacts, Formation) = (null, null, [], new ClusterFormation(Address));

        public void Die() => (IsAlive, Joining) = (false, null);
    }
}
