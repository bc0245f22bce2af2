using Pipeline.Actors.Serving;

namespace Pipeline.Tests.Simulation;

/// <summary>Which member of the group began each partition last, and from which record on which network was asked in the end.</summary>
internal sealed class Ownership
{
    private readonly (string? Process, int Term)[] _holders = new (string?, int)[Workload.PartitionCount];
    private readonly List<(long From, string Model)>[] _asked = [.. Enumerable.Range(0, Workload.PartitionCount).Select(_ => new List<(long, string)>())];

    public void Begin(int partition, string process) => _holders[partition] = (process, _holders[partition].Term + 1);

    /// <summary>Which of a partition's ownerships a process has; null when it has none. One that comes back is another.</summary>
    public int? TermOf(int partition, string process) => _holders[partition].Process == process ? _holders[partition].Term : null;

    public bool IsPresent(int partition, int? term) => _holders[partition].Term == term;

    /// <summary>From a record on a process asks a network; what others have asked about that record and later ones is done again.</summary>
    public void Note(string process, in ModelSwitch change)
    {
        if (TermOf(change.Shard, process) is null)
            return;
        var (asked, offset) = (_asked[change.Shard], change.Offset);
        asked.RemoveAll(one => one.From >= offset);
        asked.Add((offset, change.Model));
    }

    /// <summary>Which networks were asked about a partition's records, each from a record on.</summary>
    public IReadOnlyList<(long From, string Model)> Asked(int partition) => _asked[partition];
}
