using System.Collections.Concurrent;
using Pipeline.Actors.Serving;
using Pipeline.Models.Signals;

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
/// The patients of one shard: created on first sight, forgotten when idle, both as a function of the shard's records alone. One thread.
/// </summary>
internal sealed class ShardPatients(int shard, ActorSettings settings, PatientPlaces places, Counts counts)
{
    private readonly Dictionary<string, SupervisedPatient> _patients = new(StringComparer.Ordinal);
    private readonly List<SupervisedPatient> _waiting = [];
    private readonly Dictionary<string, WaitingPoints> _left = new(StringComparer.Ordinal);     // of forgotten patients, while they wait
    private long _record;
    private long _nextSweep;
    private Timestamp _time = new(long.MinValue);   // latest event time of the shard

    /// <summary>Patients in memory.</summary>
    public int Count => _patients.Count;

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
            if (_patients.Count >= settings.Options.MaxPatientsPerShard)
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
            places.Release(patient.Id, shard);
        _patients.Clear();
        _waiting.Clear();
        _left.Clear();
    }

    private SupervisedPatient Create(PatientId id)
    {
        var patient = new SupervisedPatient(id, settings, counts, _left.Remove(id.Value, out var points) ? points : new WaitingPoints());
        _patients.Add(id.Value, patient);
        counts.Add(Actors.Count.PatientsCreated);
        if (!places.TryClaim(id, shard))
            counts.Add(Actors.Count.PatientsInTwoShards);
        return patient;
    }

    /// <summary>
    /// Forgets the idle, with windows that are not complete: no chunk for <see cref="TopologyOptions.IdleAfter"/> of event time and for
    /// <see cref="TopologyOptions.IdleRounds"/> records per patient. Done every quarter of that count, so it costs a few visits a record.
    /// </summary>
    private void Sweep()
    {
        var rounds = (long)settings.Options.IdleRounds * Math.Max(1, _patients.Count);
        _nextSweep = _record + Math.Max(256, rounds / 4);
        List<SupervisedPatient>? idle = null;
        foreach (var patient in _patients.Values)
            if (_record - patient.LastRecord > rounds && _time.SecondsSince(patient.LastTime) > settings.Options.IdleAfter.TotalSeconds && !patient.IsWaiting)
                (idle ??= []).Add(patient);
        foreach (var (patient, points) in _left)
            if (points.Count == 0)
                _left.Remove(patient);
        foreach (var patient in idle ?? [])
        {
            if (patient.Points.Count > 0)
                _left.Add(patient.Id.Value, patient.Points);
            _patients.Remove(patient.Id.Value);
            places.Release(patient.Id, shard);
            counts.Add(Actors.Count.PatientsPassivated);
        }
    }
}
