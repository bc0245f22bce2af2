using System.Collections.Concurrent;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>Which shard of this process each patient in memory belongs to, to notice one that comes in two partitions. Thread-safe.</summary>
internal sealed class PatientPlaces
{
    private readonly ConcurrentDictionary<string, int> _shards = new(StringComparer.Ordinal);

    /// <summary>Claims a patient for a shard; false when another one has it.</summary>
    public bool TryClaim(PatientId patient, int shard) => _shards.GetOrAdd(patient.Value, shard) == shard;

    /// <summary>The shard has forgotten the patient.</summary>
    public void Release(PatientId patient, int shard) => _shards.TryRemove(new KeyValuePair<string, int>(patient.Value, shard));
}

/// <summary>
/// The patients of one shard: created on first sight, in memory while they are not idle, then a snapshot (<see cref="IPassivePatients"/>) until their next
/// record, and forgotten when none came for a long time. Who is in memory changes nothing in what comes out; who is forgotten follows from the
/// shard's records alone: from the latest event time that it had seen, and the offset, at a patient's record before and at its next. One thread.
/// </summary>
internal sealed class ShardPatients
{
    private const int MostForgottenAtOnce = 100;

    private readonly int _shard;
    private readonly ActorSettings _settings;
    private readonly PatientPlaces _places;
    private readonly Counts _counts;
    private readonly ShardCheckpoints? _checkpoints;
    private readonly Dictionary<string, SupervisedPatient> _patients = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PatientSnapshot> _passivated = new(StringComparer.Ordinal);     // since the last checkpoint
    private readonly HashSet<PatientId> _forgotten = [];                                                // the same
    private readonly List<SupervisedPatient> _waiting = [];
    private long _recordAtCheckpoint;
    private long _record;
    private long _nextSweep;
    private long _offset = -1;      // of the last record that was handled
    private int _passiveCount;

    /// <summary>Those of <paramref name="restore"/> are passive until their next record; without it the shard makes no checkpoints.</summary>
    public ShardPatients(int shard, ActorSettings settings, PatientPlaces places, Counts counts, ShardCheckpoints? checkpoints, ShardRestore? restore)
    {
        (_shard, _settings, _places, _counts, _checkpoints) = (shard, settings, places, counts, checkpoints);
        if (restore is null)
            return;
        if (restore.Patients.Count > 0)
            settings.Passive.Keep(shard, restore.Patients);
        (_passiveCount, Time) = (restore.Patients.Count + restore.KeptCount, restore.Time);
    }

    /// <summary>Patients in memory.</summary>
    public int Count => _patients.Count;

    /// <summary>Patients of whom there is a snapshot only.</summary>
    public int PassiveCount => Volatile.Read(ref _passiveCount);

    /// <summary>Latest event time of the records handled so far; null before the first.</summary>
    public Timestamp? Time { get; private set; }

    /// <summary>The snapshots of those that have changed since the last time this was asked, and who was forgotten since.</summary>
    public (List<PatientSnapshot> Changed, List<PatientId> Forgotten) TakeChanged(RecordPosition applied)
    {
        var changed = new List<PatientSnapshot>(_passivated.Values);
        foreach (var patient in _patients.Values)
            if (patient.LastRecord > _recordAtCheckpoint)
                changed.Add(patient.Capture(applied, StateTransfer.OfThread));
        List<PatientId> forgotten = [.. _forgotten];
        _passivated.Clear();
        _forgotten.Clear();
        _recordAtCheckpoint = _record;
        return (changed, forgotten);
    }

    /// <summary>Whether a patient waits for another attempt.</summary>
    public bool AnyWaiting => _waiting.Count > 0;

    /// <summary>When the first of them is due; null when none waits.</summary>
    public long? NextRetryAt => _waiting.Count == 0 ? null : _waiting.Min(p => p.RetryAt);

    /// <summary>Why a patient finds no room.</summary>
    public string Fullness =>
        $"the shard holds {_patients.Count} patients; raise {nameof(TopologyOptions.MaxPatientsPerShard)} or the number of partitions";

    /// <summary>The patient of a chunk, taken into memory when it is not there; null when there is no room.</summary>
    public SupervisedPatient? Find(SampleChunk chunk)
    {
        _record++;
        if (_record >= _nextSweep)
            Sweep();
        if (!_patients.TryGetValue(chunk.Patient.Value, out var patient))
        {
            if (_patients.Count >= _settings.Options.MaxPatientsPerShard)
                return null;
            patient = Create(chunk.Patient);
        }
        patient.LastRecord = _record;
        return patient;
    }

    /// <summary>Whether a patient whose next record is at <paramref name="offset"/> has been forgotten by then, whether or not anybody has noticed.</summary>
    public bool IsGone(SupervisedPatient patient, long offset) =>
        patient.Seen is { } seen && offset - seen.Offset >= _settings.Options.ForgetRecords
        && Time is { } time && seen.Time <= time.AddSeconds(-_settings.Options.ForgetAfter.TotalSeconds);

    /// <summary>A record of the patient is handled, in order; one that <see cref="IsGone"/> is a new patient.</summary>
    public void See(SupervisedPatient patient, SampleChunk chunk, long offset, bool isGone)
    {
        if (isGone)
        {
            patient.Forget();
            _counts.Add(Actors.Count.PatientsForgotten);
        }
        var time = Time is { } latest && latest > chunk.FirstSampleTime ? latest : chunk.FirstSampleTime;
        (Time, _offset, patient.Seen) = (time, offset, new LastSeen(time, offset));
    }

    /// <summary>Remembers that a patient waits.</summary>
    public void AddWaiting(SupervisedPatient patient)
    {
        if (!_waiting.Contains(patient))
            _waiting.Add(patient);
    }

    /// <summary>All that wait; they are forgotten here until they are added again.</summary>
    public SupervisedPatient[] TakeWaiting()
    {
        _waiting.RemoveAll(p => !p.IsWaiting);
        SupervisedPatient[] waiting = [.. _waiting];
        _waiting.Clear();
        return waiting;
    }

    /// <summary>The shard leaves: nothing of its patients stays.</summary>
    public void Clear()
    {
        foreach (var patient in _patients.Values)
            _places.Release(patient.Id, _shard);
        _patients.Clear();
        _waiting.Clear();
        _settings.Passive.Clear(_shard);
    }

    private SupervisedPatient Create(PatientId id)
    {
        var patient = new SupervisedPatient(id, _settings, _counts);
        // Its snapshot stays where it is, and counts for nothing from now on: another one takes its place, or the sweep drops it.
        if (_settings.Passive.Find(_shard, id) is { } snapshot)
        {
            patient.Restore(snapshot, PositionOf(0));
            _passiveCount--;
            _passivated.Remove(id.Value);
        }
        _forgotten.Remove(id);
        _patients.Add(id.Value, patient);
        _counts.Add(Actors.Count.PatientsCreated);
        if (!_places.TryClaim(id, _shard))
            _counts.Add(Actors.Count.PatientsInTwoShards);
        return patient;
    }

    /// <summary>
    /// Takes the idle out of memory: those without a chunk for <see cref="TopologyOptions.IdleAfter"/> of event time and for
    /// <see cref="TopologyOptions.IdleRounds"/> records per patient. Done every quarter of that count, so it costs a few visits a record.
    /// </summary>
    private void Sweep()
    {
        var rounds = (long)_settings.Options.IdleRounds * Math.Max(1, _patients.Count);
        _nextSweep = _record + Math.Max(256, rounds / 4);
        if (Time is not { } time)
            return;
        List<SupervisedPatient>? idle = null;
        foreach (var patient in _patients.Values)
            if (_record - patient.LastRecord > rounds && patient.Seen is { } seen && time.SecondsSince(seen.Time) > _settings.Options.IdleAfter.TotalSeconds
                && !patient.IsWaiting && patient.Points.Count == 0)
                (idle ??= []).Add(patient);
        if (idle is not null)
            Passivate(idle);
        Forget(time);
    }

    private void Passivate(List<SupervisedPatient> idle)
    {
        var snapshots = idle.ConvertAll(patient => patient.Capture(PositionOf(patient.Seen!.Value.Offset), StateTransfer.OfThread));   // seen, or it is not idle
        try
        {
            _settings.Passive.Keep(_shard, snapshots);
        }
        catch (IOException)
        {
            _counts.Add(Actors.Count.PatientsNotPassivated, idle.Count);    // they stay where they are
            return;
        }
        foreach (var (patient, snapshot) in idle.Zip(snapshots))
        {
            if (_checkpoints is not null && patient.LastRecord > _recordAtCheckpoint)
                _passivated[patient.Id.Value] = snapshot;
            _patients.Remove(patient.Id.Value);
            _places.Release(patient.Id, _shard);
        }
        _passiveCount += idle.Count;
        _counts.Add(Actors.Count.PatientsPassivated, idle.Count);
    }

    /// <summary>Drops the snapshots of those that would be new patients (<see cref="IsGone"/>) if they came back, and those of patients that are in memory.</summary>
    private void Forget(Timestamp time)
    {
        var seen = new LastSeen(time.AddSeconds(-_settings.Options.ForgetAfter.TotalSeconds), _offset - _settings.Options.ForgetRecords);
        var unseen = _settings.Passive.FindUnseen(_shard, seen, MostForgottenAtOnce);
        if (unseen.Count == 0)
            return;
        _settings.Passive.Drop(_shard, unseen);
        foreach (var id in unseen)
            if (!_patients.ContainsKey(id.Value))
            {
                _passiveCount--;
                _passivated.Remove(id.Value);
                _counts.Add(Actors.Count.PatientsForgotten);
                if (_checkpoints is not null)
                    _forgotten.Add(id);
            }
    }

    private RecordPosition PositionOf(long offset) => _checkpoints?.PositionOf(offset) ?? new RecordPosition(Guid.Empty, _shard, offset);
}
