using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// The patients of one partition that are in memory: created on first sight, passive when idle (a snapshot in
/// <see cref="IPassivePatients"/>) until their next record, forgotten when none came for a long time. Who is in memory changes nothing in
/// what comes out; who is forgotten follows from the partition's records alone: from the latest event time and the offset at a patient's
/// record before and at its next. Pure; one thread.
/// </summary>
internal sealed class PatientTable(PartitionContext partition)
{
    private readonly Dictionary<string, SupervisedPatient> _patients = new(StringComparer.Ordinal);
    private readonly HashSet<PatientId> _forgotten = [];    // since the last barrier
    private readonly TopologyOptions _options = partition.Options;
    private long _recordAtBarrier;
    private long _record;
    private long _nextSweep;
    private long _offset = -1;      // of the last record that was handled

    /// <summary>Patients in memory.</summary>
    public int Count => _patients.Count;

    /// <summary>Bytes of samples that the patients in memory hold; asked for when a stream begins, which is seldom.</summary>
    public long HeldBytes => _patients.Values.Sum(patient => patient.HeldBytes);

    /// <summary>Latest event time of the records handled so far; null before the first.</summary>
    public Timestamp? Time { get; private set; } = partition.Restore?.Time;

    /// <summary>Patients that wait for their snapshot.</summary>
    public int LoadingCount { get; private set; }

    /// <summary>Whether idle patients should be looked for.</summary>
    public bool IsSweepDue => _record >= _nextSweep;

    /// <summary>Why a patient finds no room.</summary>
    public string Fullness =>
        $"the shard holds {_patients.Count} patients; raise {nameof(TopologyOptions.MaxPatientsPerShard)} or the number of partitions";

    /// <summary>The latest position at which a patient that is forgotten now was seen.</summary>
    public LastSeen? ForgottenBefore => Time is { } time ? new LastSeen(time.AddSeconds(-_options.ForgetAfter.TotalSeconds), _offset - _options.ForgetRecords) : null;

    /// <summary>The patient of a chunk, taken into memory when it is not there; null when there is no room. A new one may have a passive
    /// snapshot.</summary>
    public SupervisedPatient? Find(SampleChunk chunk, out bool isNew)
    {
        _record++;
        isNew = !_patients.TryGetValue(chunk.Patient.Value, out var patient);
        if (patient is null)
        {
            if (_patients.Count >= _options.MaxPatientsPerShard)
                return null;
            patient = Create(chunk.Patient);
        }
        patient.LastRecord = _record;
        return patient;
    }

    /// <summary>A patient in memory; null when it is not.</summary>
    public SupervisedPatient? Find(PatientId id) => _patients.GetValueOrDefault(id.Value);

    /// <summary>The patient's records wait for its snapshot from now on.</summary>
    public void BeginLoading(SupervisedPatient patient)
    {
        patient.BeginLoading();
        LoadingCount++;
    }

    /// <summary>The snapshot was read; null when there was none. Returns the records that waited.</summary>
    public IReadOnlyList<TimedRecord> EndLoading(SupervisedPatient patient, PatientSnapshot? snapshot)
    {
        LoadingCount--;
        return patient.EndLoading(snapshot, partition.PositionOf(0));
    }

    /// <summary>The partition's next record, in the order of offsets: what it knows of event time before and with it.</summary>
    public TimedRecord Advance(in ShardRecord record)
    {
        var (before, time) = (Time, record.Chunk!.FirstSampleTime);     // only records with a chunk have a patient
        var after = before is { } latest && latest > time ? latest : time;
        (Time, _offset) = (after, record.Offset);
        return new TimedRecord(record, before, after);
    }

    /// <summary>A record of the patient is about to be handled, in order. A patient that was forgotten by then, whether or not anybody has
    /// noticed, is a new one.</summary>
    public void See(SupervisedPatient patient, in TimedRecord timed)
    {
        var offset = timed.Record.Offset;
        if (patient.Seen is { } seen && offset - seen.Offset >= _options.ForgetRecords
            && timed.Before is { } time && seen.Time <= time.AddSeconds(-_options.ForgetAfter.TotalSeconds))
        {
            patient.Forget();
            partition.Counts.Add(Actors.Count.PatientsForgotten);
        }
        patient.Seen = new LastSeen(timed.After, offset);
    }

    /// <summary>Whether somebody is idle; the next sweep is due a quarter of <see cref="TopologyOptions.IdleRounds"/> later, so it costs a
    /// few visits a record.</summary>
    public bool EndSweep()
    {
        var rounds = IdleRounds;
        _nextSweep = _record + Math.Max(256, rounds / 4);
        foreach (var patient in _patients.Values)
            if (IsIdle(patient, rounds))
                return true;
        return false;
    }

    /// <summary>Captures into <paramref name="barrier"/> who changed since the barrier before, who is idle, and who was
    /// forgotten.</summary>
    public void Capture(Barrier barrier)
    {
        var applied = partition.PositionOf(barrier.Through);
        var rounds = IdleRounds;
        foreach (var patient in _patients.Values)
        {
            var (isChanged, isIdle) = (partition.Restore is not null && patient.LastRecord > _recordAtBarrier, IsIdle(patient, rounds));
            if (!isChanged && !isIdle)
                continue;
            var position = isChanged || patient.Seen is not { } seen ? applied : partition.PositionOf(seen.Offset);
            barrier.Captured.Add(new CapturedPatient(patient.Link, patient.Capture(position, StateTransfer.OfThread), isChanged, isIdle) { LastRecord = patient.LastRecord });
        }
        barrier.Forgotten.AddRange(_forgotten);
        barrier.Time = Time;
        _forgotten.Clear();
        _recordAtBarrier = _record;
    }

    /// <summary>The snapshot of an idle patient is kept elsewhere: takes it out of memory, if no record came since it was
    /// captured.</summary>
    public bool TryPassivate(CapturedPatient captured)
    {
        if (Find(captured.Link.Patient) is not { } patient || patient.LastRecord != captured.LastRecord || patient.Link != captured.Link)
            return false;
        Remove(patient);
        partition.Counts.Add(Actors.Count.PatientsPassivated);
        return true;
    }

    /// <summary>A passive patient is forgotten; false when it is in memory.</summary>
    public bool TryForget(PatientId id)
    {
        if (_patients.ContainsKey(id.Value))
            return false;
        _forgotten.Add(id);
        partition.Counts.Add(Actors.Count.PatientsForgotten);
        return true;
    }

    /// <summary>The partition is given up: nothing of its patients stays.</summary>
    public void Clear()
    {
        foreach (var patient in _patients.Values)
            partition.Places.Release(patient.Id, partition.Number);
        _patients.Clear();
    }

    private long IdleRounds => (long)_options.IdleRounds * Math.Max(1, _patients.Count);

    private bool IsIdle(SupervisedPatient patient, long rounds) =>
        _record - patient.LastRecord > rounds && !patient.IsLoading
        && patient.Seen is { } seen && Time is { } time && time.SecondsSince(seen.Time) > _options.IdleAfter.TotalSeconds;

    private SupervisedPatient Create(PatientId id)
    {
        var patient = new SupervisedPatient(id, partition.Settings, partition.Counts);
        _forgotten.Remove(id);
        _patients.Add(id.Value, patient);
        partition.Counts.Add(Actors.Count.PatientsCreated);
        partition.Places.Claim(id, partition.Number);
        return patient;
    }

    private void Remove(SupervisedPatient patient)
    {
        _patients.Remove(patient.Id.Value);
        partition.Places.Release(patient.Id, partition.Number);
    }
}
