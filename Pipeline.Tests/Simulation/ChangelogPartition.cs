using Pipeline.Actors;
using Pipeline.Models.State;

namespace Pipeline.Tests.Simulation;

/// <summary>One partition of the changelog, and what committed readers make of it so far.</summary>
internal sealed class ChangelogPartition
{
    private readonly int _number;
    private readonly World _world;
    private readonly List<(Transaction By, PatientSnapshot? Snapshot, ShardCheckpoint? Whole)> _entries = [];
    private readonly Dictionary<string, List<long>> _recordsOf = [];
    private int _stable;

    public ChangelogPartition(int number, Workload workload, World world)
    {
        (_number, _world) = (number, world);
        foreach (var (_, record) in workload.Partitions[number])
            if (record.Chunk is { } chunk)
            {
                if (!_recordsOf.TryGetValue(chunk.Patient.Value, out var offsets))
                    _recordsOf[chunk.Patient.Value] = offsets = [];
                offsets.Add(record.Offset);
            }
    }

    public Dictionary<string, PatientSnapshot> Patients { get; } = [];

    /// <summary>The newest, for its mark: its snapshots are among <see cref="Patients"/>.</summary>
    public ShardCheckpoint? Last { get; private set; }

    /// <summary>Whose transaction that was.</summary>
    public object? Writer { get; private set; }

    public bool IsAllShown => _stable == _entries.Count;

    public void Append(Transaction by, IEnumerable<PatientSnapshot> changed, ShardCheckpoint? rest)
    {
        foreach (var snapshot in changed)
            _entries.Add((by, snapshot, null));
        if (rest is not null)
            _entries.Add((by, null, rest));
    }

    /// <summary>Shows what no open transaction is before; says what a new owner could not go on from, or null.</summary>
    public string? Advance()
    {
        string? fault = null;
        for (; _stable < _entries.Count && (_entries[_stable].By.Shown & (1u << _number)) != 0; _stable++)
        {
            var (by, snapshot, rest) = _entries[_stable];
            if (by.Decision != true)
                continue;
            if (snapshot is not null)
                Patients[snapshot.Patient.Value] = snapshot;
            if (rest is null)
                continue;
            foreach (var forgotten in rest.Forgotten)
                Patients.Remove(forgotten.Value);
            (Last, Writer) = (rest, by.Id);
            fault ??= FindHole(by);
        }
        return fault;
    }

    /// <summary>Every patient's snapshot has to hold all of the patient's records up to the mark, or nobody ever handles them again.</summary>
    private string? FindHole(Transaction by)
    {
        foreach (var (patient, offsets) in _recordsOf)
        {
            var behind = offsets.BinarySearch(Last!.Through.Offset + 1);      // set before
            var last = (behind < 0 ? ~behind : behind) - 1;
            if (last >= 0 && !_world.Exempt.Contains(patient) && (Patients.GetValueOrDefault(patient)?.Applied.Offset ?? -1) is var applied && applied < offsets[last])
                return $"partition {_number} is committed through {Last.Through.Offset} by {by.Process}, but the state of {patient} is that of record {applied}; its record {offsets[last]} is in nobody's state";
        }
        return null;
    }
}
