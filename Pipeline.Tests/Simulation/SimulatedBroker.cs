using Pipeline.Actors;
using Pipeline.Models.State;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// The input topic, the changelog and the transactions that write to it. A transaction is decided in one moment; each of its partitions, and
/// the group's offsets, show it some time later, as committed readers see it: nothing behind an open one is shown.
/// </summary>
internal sealed class SimulatedBroker(World world, Workload workload, Expected expected, SimulatedStore store, SimulatedGroup group)
{
    public static readonly TimeSpan TransactionTimeout = TimeSpan.FromSeconds(3);

    private const int MostRecordBytes = 1 << 20;
    private static readonly TimeSpan MarkerDelay = TimeSpan.FromMilliseconds(5), LongMarkerDelay = TimeSpan.FromSeconds(1);

    private readonly ChangelogPartition[] _changelog = [.. workload.Partitions.Select((_, number) => new ChangelogPartition(number, workload, world))];
    private readonly long?[] _offsets = new long?[Workload.PartitionCount];
    private readonly int[] _pending = new int[Workload.PartitionCount];     // transactions with an offset whose outcome does not show yet
    private readonly int[] _there = new int[Workload.PartitionCount];       // records that have come
    private readonly List<Transaction> _open = [];
    private readonly int[] _checked = new int[Workload.PartitionCount];     // of the expected output, known to be stored

    /// <summary>Does not look at the generation with which offsets come: a planted bug.</summary>
    public bool IsUnfenced { get; init; }

    /// <summary>Whoever leaves a snapshot out that does not fit leaves out its neighbours, too: a planted bug.</summary>
    public bool LeavesOutTooMuch { get; init; }

    /// <summary>Bytes of a snapshot on the wire.</summary>
    public int SizeOf(PatientSnapshot snapshot) => world.Large.Contains(snapshot.Patient.Value) ? 2 * MostRecordBytes : MostRecordBytes / 2;

    /// <summary>Whether a record can hold it.</summary>
    public bool Fits(PatientSnapshot snapshot) => SizeOf(snapshot) <= MostRecordBytes;

    /// <summary>Told, with the name of the process, when a part of a transaction comes.</summary>
    public Action<string> Written { get; set; } = _ => { };

    /// <summary>Whether every record of every partition is behind a checkpoint that a new owner would find.</summary>
    public bool IsAllCommitted => workload.Partitions.Zip(_changelog).All(p => p.First.Count == 0 || p.Second.Last?.Through.Offset == p.First[^1].Record.Offset);

    /// <summary>Up to <paramref name="most"/> records of each partition from an offset on; when there is none, what there is after <paramref name="wait"/>.</summary>
    public void Fetch((int Partition, long From)[] wanted, int most, TimeSpan wait, Action<ArraySegment<ShardRecord>[]> answer)
    {
        var found = Array.ConvertAll(wanted, one => Fetch(one.Partition, one.From, most));
        if (found.Any(one => one.Count > 0))
            answer(found);
        else
            world.Steps.After(wait, null, () => answer(Array.ConvertAll(wanted, one => Fetch(one.Partition, one.From, most))));
    }

    /// <summary>Offset behind the last record that has come to a partition.</summary>
    public long EndOf(int partition) => _there[partition] == 0 ? 0 : workload.Partitions[partition][_there[partition] - 1].Record.Offset + 1;

    /// <summary>Reads the records of a partition.</summary>
    public RecordDecoder DecoderOf(int partition) => workload.DecoderOf(partition);

    private ArraySegment<ShardRecord> Fetch(int partition, long from, int most)
    {
        var records = workload.Partitions[partition];
        ref var there = ref _there[partition];
        while (there < records.Count && records[there].At <= world.Steps.Now)
            there++;
        var (low, high) = (0, there);
        while (low < high)
            if (records[(low + high) / 2].Record.Offset < from)
                low = (low + high) / 2 + 1;
            else
                high = (low + high) / 2;
        var count = Math.Min(most, there - low);
        if (count <= 0)
            return ArraySegment<ShardRecord>.Empty;
        var found = new ShardRecord[count];
        for (var i = 0; i < count; i++)
            found[i] = records[low + i].Record with { Chunk = null, Refused = null };     // as it came
        return found;
    }

    /// <summary>The group's committed offset, 0 when there is none; null while a transaction may be about to change it.</summary>
    public long? CommittedOffset(int partition) => _pending[partition] > 0 ? null : _offsets[partition] ?? 0;

    /// <summary>The state of a partition as committed readers see it, who wrote it, and whether nothing is behind that which they do not see yet.</summary>
    public (ShardCheckpoint? Last, object? Writer, PatientSnapshot[] Patients, bool IsAll) ReadState(int partition)
    {
        var changelog = _changelog[partition];
        return (changelog.Last, changelog.Writer, [.. changelog.Patients.Values], changelog.IsAllShown);
    }

    /// <summary>Begins a transaction of <paramref name="process"/>, of which there may have been others before; <paramref name="id"/> is this one's alone.</summary>
    public Transaction Begin(string process, object id)
    {
        var transaction = new Transaction(process, id);
        _open.Add(transaction);
        world.Steps.After(TransactionTimeout, null, () =>
        {
            if (transaction.Decision is null)
                Abort(transaction);
        });
        return transaction;
    }

    /// <summary>Ends what <paramref name="id"/> has open: somebody has begun under it.</summary>
    public void End(object id)
    {
        foreach (var transaction in _open.Where(one => one.Id == id).ToList())
            Abort(transaction);
    }

    /// <summary>Writes part of a checkpoint: some snapshots, and (<paramref name="rest"/>) whatever else is in it; false when the transaction was ended meanwhile.</summary>
    public bool Write(Transaction transaction, int partition, IEnumerable<PatientSnapshot> changed, ShardCheckpoint? rest)
    {
        if (transaction.Decision is not null)
            return false;
        Written(transaction.Process);
        _changelog[partition].Append(transaction, changed, rest);
        if (rest is not null)
            transaction.Offsets.Add((partition, rest.Through.Offset));
        return true;
    }

    /// <summary>The group's offsets go with it; false when the group has another generation, or no such member, by now.</summary>
    public bool AddOffsets(Transaction transaction, string member, int generation)
    {
        if (!IsUnfenced && !group.IsPresent(member, generation))
            return false;
        if (transaction.Decision is not null)
            return true;    // aborted: as much is said when it is to be committed
        transaction.HasAddedOffsets = true;
        foreach (var (partition, _) in transaction.Offsets)
            _pending[partition]++;
        return true;
    }

    /// <summary>Decides it; false when it was aborted before.</summary>
    public bool Commit(Transaction transaction)
    {
        if (transaction.Decision is { } decided)
            return decided;
        transaction.Decision = true;
        _open.Remove(transaction);
        foreach (var (partition, through) in transaction.Offsets)
        {
            CheckStored(partition, through);
            var shown = partition;
            world.Steps.After(SomeDelay(), null, () => Show(transaction, shown));
            world.Steps.After(SomeDelay(), null, () =>
            {
                _offsets[shown] = through + 1;
                _pending[shown]--;
            });
        }
        world.Story?.Tell("broker", $"commits of {transaction.Process}: {string.Join(", ", transaction.Offsets.Select(o => $"{o.Partition} through {o.Through}"))}");
        return true;
    }

    public void Abort(Transaction transaction)
    {
        if (transaction.Decision is not null)
            return;
        transaction.Decision = false;
        _open.Remove(transaction);
        world.Story?.Tell("broker", $"aborts a transaction of {transaction.Process}");
        for (var partition = 0; partition < _changelog.Length; partition++)
            Show(transaction, partition);
        if (transaction.HasAddedOffsets)
            foreach (var (partition, _) in transaction.Offsets)
                _pending[partition]--;
    }

    private void Show(Transaction transaction, int partition)
    {
        transaction.Shown |= 1u << partition;
        if (_changelog[partition].Advance() is { } fault)
            world.Fail(fault);
    }

    private TimeSpan SomeDelay() => world.Steps.Some(world.Steps.Random.Next(20) == 0 ? LongMarkerDelay : MarkerDelay);

    /// <summary>Whoever goes on behind <paramref name="through"/> never writes what comes of the records before.</summary>
    private void CheckStored(int partition, long through)
    {
        var wanted = expected.Of(partition);
        ref var at = ref _checked[partition];
        for (; at < wanted.Count && wanted[at].Offset <= through; at++)
            if (!world.Exempt.Contains(workload.PatientOf(partition, wanted[at].Offset))
                && ((wanted[at].Point is { } point && !store.Has(point)) || (wanted[at].Letter is { } letter && !store.Has(letter))))
            {
                world.Fail($"partition {partition} is committed through {through}, but what record {wanted[at].Offset} gave is not stored: {wanted[at].Point}{wanted[at].Letter}");
                return;
            }
    }
}

/// <summary>A transaction; null is not yet decided.</summary>
internal sealed class Transaction(string process, object id)
{
    public string Process => process;

    public object Id => id;

    public bool? Decision { get; set; }

    public List<(int Partition, long Through)> Offsets { get; } = [];

    public bool HasAddedOffsets { get; set; }

    /// <summary>Bit p: partition p shows the decision.</summary>
    public uint Shown { get; set; }
}
