using System.Collections.Concurrent;
using Pipeline.Actors.Serving;
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
/// The patients of one shard: created on first sight, in memory while they are not idle. Without checkpoints an idle one is forgotten, as a
/// function of the shard's records alone; with them its snapshot is kept, and it comes back as it was. One thread.
/// </summary>
internal sealed class ShardPatients
{
    private readonly int _shard;
    private readonly ActorSettings _settings;
    private readonly PatientPlaces _places;
    private readonly Counts _counts;
    private readonly ShardCheckpoints? _checkpoints;
    private readonly Dictionary<string, SupervisedPatient> _patients = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PatientSnapshot> _passive = new(StringComparer.Ordinal);
    private readonly List<PatientSnapshot> _passivated = [];    // since the last checkpoint
    private long _recordAtCheckpoint;
    private readonly List<SupervisedPatient> _waiting = [];
    private readonly Dictionary<string, WaitingPoints> _left = new(StringComparer.Ordinal);     // of forgotten patients, while they wait
    private long _record;
    private long _nextSweep;
    private Timestamp _time = new(long.MinValue);   // latest event time of the shard

    /// <summary>Those of <paramref name="restore"/> are passive until their next record; without it the shard makes no checkpoints.</summary>
    public ShardPatients(int shard, ActorSettings settings, PatientPlaces places, Counts counts, ShardCheckpoints? checkpoints, ShardRestore? restore)
    {
        (_shard, _settings, _places, _counts, _checkpoints) = (shard, settings, places, counts, checkpoints);
        foreach (var snapshot in restore?.Patients ?? [])
            _passive.Add(snapshot.Patient.Value, snapshot);
    }

    /// <summary>Patients in memory.</summary>
    public int Count => _patients.Count;

    /// <summary>Patients of whom there is a snapshot only.</summary>
    public int PassiveCount => _passive.Count;

    /// <summary>The snapshots of those that have changed since the last time this was asked.</summary>
    public List<PatientSnapshot> TakeChanged(RecordPosition applied)
    {
        var changed = new List<PatientSnapshot>(_passivated);
        foreach (var patient in _patients.Values)
            if (patient.LastRecord > _recordAtCheckpoint)
                changed.Add(patient.Capture(applied, StateTransfer.OfThread));
        _passivated.Clear();
        _recordAtCheckpoint = _record;
        return changed;
    }

    /// <summary>Whether a patient waits for another attempt.</summary>
    public bool AnyWaiting => _waiting.Count > 0;

    /// <summary>When the first of them is due; null when none waits.</summary>
    public long? NextRetryAt => _waiting.Count == 0 ? null : _waiting.Min(p => p.RetryAt);

    /// <summary>Why a patient finds no room.</summary>
    public string Fullness =>
        $"the shard holds {_patients.Count} patients; raise {nameof(TopologyOptions.MaxPatientsPerShard)} or the number of partitions";

    /// <summary>The patient of a chunk, created when it is not there; null when there is no room.</summary>
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
        patient.LastTime = chunk.FirstSampleTime;
        if (chunk.FirstSampleTime > _time)
            _time = chunk.FirstSampleTime;
        return patient;
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

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        foreach (var patient in _patients.Values)
            _places.Release(patient.Id, _shard);
        _patients.Clear();
        _waiting.Clear();
        _left.Clear();
    }

    private SupervisedPatient Create(PatientId id)
    {
        var patient = new SupervisedPatient(id, _settings, _counts, _left.Remove(id.Value, out var points) ? points : new WaitingPoints());
        _patients.Add(id.Value, patient);
        _counts.Add(Actors.Count.PatientsCreated);
        if (_checkpoints is not null && _passive.Remove(id.Value, out var snapshot))
        {
            patient.Restore(snapshot, _checkpoints.PositionOf(0));
            _passivated.Remove(snapshot);
        }
        if (!_places.TryClaim(id, _shard))
            _counts.Add(Actors.Count.PatientsInTwoShards);
        return patient;
    }

    /// <summary>
    /// Takes the idle out of memory; without checkpoints they are forgotten, with windows that are not complete. Idle: no chunk for
    /// <see cref="TopologyOptions.IdleAfter"/> of event time and for <see cref="TopologyOptions.IdleRounds"/> records per patient. Done every quarter of that count, so it costs a few visits a record.
    /// </summary>
    private void Sweep()
    {
        var rounds = (long)_settings.Options.IdleRounds * Math.Max(1, _patients.Count);
        _nextSweep = _record + Math.Max(256, rounds / 4);
        List<SupervisedPatient>? idle = null;
        foreach (var patient in _patients.Values)
            if (_record - patient.LastRecord > rounds && _time.SecondsSince(patient.LastTime) > _settings.Options.IdleAfter.TotalSeconds
                && !patient.IsWaiting && (_checkpoints is null || patient.Points.Count == 0))
                (idle ??= []).Add(patient);
        foreach (var (patient, points) in _left)
            if (points.Count == 0)
                _left.Remove(patient);
        foreach (var patient in idle ?? [])
        {
            if (patient.Points.Count > 0)
                _left.Add(patient.Id.Value, patient.Points);
            if (_checkpoints is not null)
                Keep(patient, _checkpoints);
            _patients.Remove(patient.Id.Value);
            _places.Release(patient.Id, _shard);
            _counts.Add(Actors.Count.PatientsPassivated);
        }
    }

    private void Keep(SupervisedPatient patient, ShardCheckpoints checkpoints)
    {
        var snapshot = patient.Capture(checkpoints.PositionOf(patient.LastOffset), StateTransfer.OfThread);
        _passive[patient.Id.Value] = snapshot;
        if (patient.LastRecord > _recordAtCheckpoint)
            _passivated.Add(snapshot);
    }
}
