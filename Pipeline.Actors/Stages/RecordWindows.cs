using Pipeline.Actors.Inference;
using Pipeline.Models.Signals;

namespace Pipeline.Actors.Stages;

/// <summary>What the window stage does with records: finds their patients and lets them handle them. No streams and no actors in here; one
/// thread.</summary>
internal sealed class RecordWindows(PartitionContext partition)
{
    private readonly RecordHandling _handling = new(partition);
    private readonly SupervisedPatient?[] _found = new SupervisedPatient?[RecordBatch.MostRecords];
    private readonly List<SupervisedPatient> _unknown = [];
    private long _now;      // of the batch: once for all of its records
    private (int Count, long Bytes) _stashed;

    /// <summary>The patients.</summary>
    public PatientTable Table { get; } = new(partition);

    /// <summary>Offset of the last record that was handled, or waits for its patient's snapshot; null before the first.</summary>
    public long? HandledOffset { get; private set; }

    /// <summary>Records that began to wait for a snapshot since the last call, and the bytes of their values.</summary>
    public (int Count, long Bytes) TakeStashed()
    {
        var stashed = _stashed;
        _stashed = default;
        return stashed;
    }

    /// <summary>
    /// Handles a batch. <paramref name="unknown"/>: patients that may be passive (<paramref name="areSomePassive"/>); their records wait
    /// until <see cref="HandleWaiting"/>.
    /// </summary>
    public WindowBatch Handle(RecordBatch batch, bool areSomePassive, out IReadOnlyList<SupervisedPatient> unknown)
    {
        var records = batch.Records;
        var windows = Begin(records[^1].Offset, batch.EnteredAt);
        _now = partition.Time.GetTimestamp();
        partition.Networks.Begin(records[0].Offset);
        _unknown.Clear();
        Find(records, areSomePassive);
        for (var i = 0; i < records.Length; i++)
        {
            Take(records[i], _found[i], windows);
            _found[i] = null;
        }
        HandledOffset = records[^1].Offset;
        unknown = _unknown;
        return windows;
    }

    /// <summary>Handles the records of a patient that waited for its snapshot.</summary>
    public WindowBatch HandleWaiting(SupervisedPatient patient, IReadOnlyList<TimedRecord> waiting)
    {
        var windows = Begin(HandledOffset ?? -1, System.Diagnostics.Stopwatch.GetTimestamp());
        foreach (var record in waiting)
            Handle(patient, record, windows);
        return windows;
    }

    private WindowBatch Begin(long lastOffset, long enteredAt) =>
        new() { Output = new OutputBatch { Shard = partition.Number, LastOffset = lastOffset, EnteredAt = enteredAt } };

    /// <summary>Looks all patients up before the first is handled, so that the waits for their memory overlap.</summary>
    private void Find(ShardRecord[] records, bool areSomePassive)
    {
        for (var i = 0; i < records.Length; i++)
            if (records[i].Chunk is { Patient.Value: not null } chunk && (_found[i] = Table.Find(chunk, out var isNew)) is { } patient && isNew && areSomePassive)
            {
                Table.BeginLoading(patient);
                _unknown.Add(patient);
            }
        for (var i = 0; i < records.Length; i++)
            if (_found[i] is { } patient)
                patient.Prefetch(records[i].Chunk!);   // found by its chunk
    }

    private void Take(in ShardRecord record, SupervisedPatient? patient, WindowBatch windows)
    {
        partition.Counts.Add(Count.Records);
        if (record.Chunk is not { } chunk)
        {
            partition.Counts.Add(Count.RecordsRefused);
            if (record.Refused is { } letter)
                windows.Output.DeadLetters.Add(letter);
            return;
        }
        if (patient is null)
        {
            CountSamples(chunk);
            partition.Counts.Add(Count.ChunksRefused);
            partition.Counts.Add(Count.SamplesRefused, (long)chunk.SampleCount * chunk.Channels.Count);
            _handling.Begin(record, null, windows.Output);
            _handling.AddDeadLetter("chunk", chunk.Patient.Value is null ? "no patient" : Table.Fullness);
            return;
        }
        if (chunk.Command is null)
            patient.Hear(partition.Presence, chunk, _now);
        var timed = Table.Advance(record);
        if (patient.IsLoading)
        {
            patient.Stash(timed);
            _stashed = (_stashed.Count + 1, _stashed.Bytes + record.Payload.Length);
        }
        else
            Handle(patient, timed, windows);
    }

    private void Handle(SupervisedPatient patient, in TimedRecord timed, WindowBatch windows)
    {
        var record = timed.Record;
        if (record.Offset <= patient.AppliedOffset)
        {
            partition.Counts.Add(Count.RecordsInSnapshots);
            return;
        }
        var chunk = record.Chunk!;      // only records with a chunk have a patient
        CountSamples(chunk);
        if (chunk.Command is null)
            partition.Settings.Tap?.TryPublish(chunk);
        Table.See(patient, timed);
        _handling.Begin(record, patient.Link, windows.Output);
        patient.Handle(_handling);
        if (_handling.Windows is { } some)
            windows.Windows.Add(Address(some, chunk, windows.Output.EnteredAt));
    }

    /// <summary>Adds to a patient's windows what its entity needs beside them.</summary>
    private PatientWindows Address(PatientWindows windows, SampleChunk chunk, long enteredAt)
    {
        var link = windows.Link;
        (windows.Number, windows.Start, link.Start) = (link.WindowsCount++, link.Start, null);
        (windows.EnteredAt, windows.Payload) = (enteredAt, _handling.Record.Payload);
        link.HasState |= windows.Start is { IsEmpty: false } or { Alarms: not null };
        var points = windows.Points;
        for (var i = 0; i < points.Count; i++)
            if (points[i].Question is { } question)
            {
                var workers = partition.Networks.WorkersOf(question.Model) ?? throw new InvalidOperationException("A stage asks a network, and the topology was given none.");
                points[i] = points[i] with { Workers = workers };
                windows.QuestionCount++;
            }
        if (windows.QuestionCount == 0)
            return windows;
        windows.Priority = PriorityOf(chunk);
        link.HasState = true;
        return windows;
    }

    private InferencePriority PriorityOf(SampleChunk chunk)
    {
        var end = chunk.FirstSampleTime.AddSeconds(chunk.SampleCount / chunk.RateHz);
        var age = Timestamp.From(partition.Time.GetUtcNow()).SecondsSince(end);
        return age < partition.Options.LiveWithin.TotalSeconds ? InferencePriority.Live : InferencePriority.CatchUp;
    }

    private void CountSamples(SampleChunk chunk) => partition.Counts.Add(Count.Samples, (long)chunk.SampleCount * chunk.Channels.Count);
}
