namespace Pipeline.Tests.Simulation;

/// <summary>What a member is told when a round has ended.</summary>
internal sealed record Membership(int Generation, HashSet<int> Partitions);

/// <summary>What a heartbeat brings.</summary>
internal enum Heartbeat
{
    Well,
    RejoinPlease,
    Unknown,
}

/// <summary>
/// The coordinator of the consumer group: members join, beat, leave and are given up when they do not; each round ends with a generation and
/// an assignment, cooperative and sticky: a partition that one member has and another is to get goes through nobody's hands for one round.
/// </summary>
internal sealed class SimulatedGroup(World world)
{
    public static readonly TimeSpan Session = TimeSpan.FromSeconds(1.5), JoinPatience = TimeSpan.FromSeconds(1.5);

    private readonly Dictionary<string, Member> _members = [];
    private int _generation;
    private bool _isJoining;
    private readonly HashSet<int> _shaken = [];
    private int _round;

    /// <summary>Everybody is to join again, and this partition to go to somebody else if it can.</summary>
    public void Shake(int partition)
    {
        _shaken.Add(partition);
        BeginRound();
    }

    /// <summary>Whether a member has not been given up, or has not left.</summary>
    public bool Knows(string member) => _members.ContainsKey(member);

    public bool IsPresent(string member, int generation) => generation == _generation && _members.TryGetValue(member, out var known) && known.Generation == generation;

    /// <summary>A member, new or known, wants to be in the next round; <paramref name="answer"/> when that has ended, or (null) it is known no more.</summary>
    public void Join(string name, int generation, IReadOnlyCollection<int> owned, Action<Membership?> answer)
    {
        if (!_members.TryGetValue(name, out var member))
        {
            if (generation >= 0)
            {
                answer(null);
                return;
            }
            _members[name] = member = new Member();
            Watch(name, member);
        }
        (member.SeenAt, member.Owned, member.Answer) = (world.Steps.Now, owned, answer);
        BeginRound();
        EndRoundIfAllJoined();
    }

    public Heartbeat Beat(string name)
    {
        if (!_members.TryGetValue(name, out var member))
            return Heartbeat.Unknown;
        member.SeenAt = world.Steps.Now;
        return _isJoining && member.Answer is null ? Heartbeat.RejoinPlease : Heartbeat.Well;
    }

    public bool Leave(string name)
    {
        if (!_members.Remove(name))
            return false;
        world.Story?.Tell("group", $"{name} leaves");
        BeginRound();
        EndRoundIfAllJoined();
        return true;
    }

    private void BeginRound()
    {
        if (_isJoining)
            return;
        _isJoining = true;
        var round = ++_round;
        world.Steps.After(JoinPatience, null, () =>
        {
            if (round != _round || !_isJoining)
                return;
            foreach (var (late, _) in _members.Where(m => m.Value.Answer is null).ToList())
                GiveUp(late);
            EndRoundIfAllJoined();
        });
    }

    private void Watch(string name, Member member)
    {
        world.Steps.After(TimeSpan.FromTicks(member.SeenAt + Session.Ticks + 1 - world.Steps.Now), null, () =>
        {
            if (_members.GetValueOrDefault(name) != member)
                return;
            if (world.Steps.Now - member.SeenAt <= Session.Ticks)
            {
                Watch(name, member);
                return;
            }
            GiveUp(name);
            BeginRound();
            EndRoundIfAllJoined();
        });
    }

    private void GiveUp(string name)
    {
        world.Story?.Tell("group", $"{name} is given up");
        _members.Remove(name);
    }

    private void EndRoundIfAllJoined()
    {
        if (!_isJoining || _members.Values.Any(m => m.Answer is null))
            return;
        _isJoining = false;
        _generation++;
        if (_members.Count == 0)
            return;
        var wanted = Assign();
        foreach (var (name, member) in _members)
        {
            HashSet<int> given = [.. Enumerable.Range(0, Workload.PartitionCount).Where(p => wanted[p] == name && !_members.Any(m => m.Key != name && m.Value.Owned.Contains(p)))];
            member.Generation = _generation;
            var answer = member.Answer!;    // all have joined
            member.Answer = null;
            world.Story?.Tell("group", $"generation {_generation}: {name} gets {string.Join(' ', given.Order())}");
            answer(new Membership(_generation, given));
        }
    }

    /// <summary>Each partition to the member that has it, while that has no more than its part; the others by turns.</summary>
    private string[] Assign()
    {
        string[] names = [.. _members.Keys];
        var most = (Workload.PartitionCount + names.Length - 1) / names.Length;
        var wanted = new string[Workload.PartitionCount];
        var counts = new int[names.Length];
        for (var i = 0; i < names.Length; i++)
            foreach (var partition in _members[names[i]].Owned.Where(p => wanted[p] is null && !_shaken.Contains(p)).Order().Take(most))
            {
                wanted[partition] = names[i];
                counts[i]++;
            }
        for (var partition = 0; partition < wanted.Length; partition++)
        {
            if (wanted[partition] is not null)
                continue;
            var least = Enumerable.Range(0, names.Length).MinBy(i => (counts[i], _members[names[i]].Owned.Contains(partition), i));
            wanted[partition] = names[least];
            counts[least]++;
        }
        _shaken.Clear();
        return wanted;
    }

    private sealed class Member
    {
        public long SeenAt { get; set; }

        public int Generation { get; set; } = -1;

        public IReadOnlyCollection<int> Owned { get; set; } = [];

        public Action<Membership?>? Answer { get; set; }
    }
}
