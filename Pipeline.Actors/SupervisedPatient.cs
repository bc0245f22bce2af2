using Pipeline.Actors.Serving;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// The supervisor of one patient. A patient that throws goes back to where it stood before the chunk, and so does what the chunk had put into the
/// batch; the chunk is tried again after a delay, with the patient's further chunks waiting behind it in order; after the last attempt it goes
/// to the dead letters (stage <c>patient</c>), and the patient goes on without it. Other patients notice nothing.
/// </summary>
internal sealed class SupervisedPatient(PatientId id, ActorSettings settings, Counts counts)
{
    private PatientActor? _actor;
    private PatientSnapshot? _restored;     // until the first record
    private Queue<Stashed>? _stash;
    private int _failedCount;

    /// <summary>Pseudonym.</summary>
    public PatientId Id { get; } = id;

    /// <summary>Number, in the shard's count, of the patient's last record.</summary>
    public long LastRecord { get; set; }

    /// <summary>When its last record was handled, or came to wait; null before the first.</summary>
    public LastSeen? Seen { get; set; }

    /// <summary>
    /// Its points that wait for a network. They outlive that it throws or is forgotten: what earlier records gave does not depend on what became of later ones.
    /// </summary>
    public WaitingPoints Points { get; } = new();

    /// <summary>Whether it waits for another attempt.</summary>
    public bool IsWaiting => _stash is not null;

    /// <summary>Whether no further chunk can be kept for it.</summary>
    public bool IsStashFull => _stash is { } stash && stash.Count >= settings.Options.MaxStashedChunks;

    /// <summary>When the next attempt is due, by <see cref="TimeProvider.GetTimestamp"/>; only while it waits.</summary>
    public long RetryAt { get; private set; }

    /// <summary>Offset of the last record that is in its state by way of a snapshot; −1: none is.</summary>
    public long AppliedOffset { get; private set; } = -1;

    /// <summary>
    /// The patient goes on where <paramref name="snapshot"/> was captured. <paramref name="here"/>: a record of the shard; only the snapshot's
    /// own partition of the same topic can say which records are in it, elsewhere epoch and sample index do.
    /// </summary>
    public void Restore(PatientSnapshot snapshot, RecordPosition here)
    {
        _restored = snapshot;
        Seen = snapshot.Seen;
        AppliedOffset = snapshot.Applied.TopicId == here.TopicId && snapshot.Applied.Partition == here.Partition ? snapshot.Applied.Offset : -1;
    }

    /// <summary>Its whole state after record <paramref name="applied"/>; between two records, when none of its points waits.</summary>
    public PatientSnapshot Capture(RecordPosition applied, StateTransfer state)
    {
        var snapshot = _restored is { } untouched ? untouched with { Applied = applied } : new PatientSnapshot(Id, applied, _actor?.Capture(state) ?? []);
        return Seen is { } seen ? snapshot with { Seen = seen } : snapshot;
    }

    /// <summary>Loses its state: with the next record it is a new patient. Not while it waits.</summary>
    public void Forget() => (_actor, _restored) = (null, null);

    /// <summary>See <see cref="Models.DeviceStream.Prefetch"/>.</summary>
    public void Prefetch(SampleChunk chunk) => _actor?.Prefetch(chunk);

    /// <summary>Handles a record while the patient does not wait; false when it threw and waits from now on, with the record.</summary>
    public bool TryHandle(in Handling handling)
    {
        var written = new Written(handling.Batch, Points.Count);
        try
        {
            (_actor ??= Begin()).Handle(handling);
            _failedCount = 0;
            return true;
        }
#pragma warning disable CA1031 // The boundary: whatever one patient's estimators throw must not stop its neighbours.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            written.TakeBack(handling, Points);
            counts.Add(Count.PatientsRestarted);
            var device = Undo(handling.Mark);
            if (++_failedCount < settings.RestartPolicy.MaxAttempts)
                return false;
            if (device is null || !TryHandleWithout(device, handling))
                GiveUp(handling, failure);
            _failedCount = 0;
            return true;
        }
    }

    /// <summary>
    /// A state that fails with every chunk would stop the patient for good, and is not worth keeping: whether state or chunk is to blame says a
    /// last attempt without the state. So it follows from the records alone, also when the patient moves to another process in between.
    /// </summary>
    private bool TryHandleWithout(string device, in Handling handling)
    {
        var written = new Written(handling.Batch, Points.Count);
        try
        {
            _actor!.HandleWithout(device, handling);    // it was undone
            return true;
        }
#pragma warning disable CA1031 // As above.
        catch
#pragma warning restore CA1031
        {
            written.TakeBack(handling, Points);
            return false;
        }
    }

    /// <summary>Back to before the record; returns the device on whose state it threw. A patient that cannot go back begins anew.</summary>
    private string? Undo(StreamMark mark)
    {
        try
        {
            return _actor?.Undo(mark, Id);
        }
#pragma warning disable CA1031 // As above: a stage that cannot be made again.
        catch
#pragma warning restore CA1031
        {
            counts.Add(Count.StreamsBegunAnew);
            _actor = null;
            return null;
        }
    }

    private void GiveUp(in Handling handling, Exception failure)
    {
        PatientActor.AddDeadLetter("patient", $"failed {_failedCount} times, last with {failure.GetType().Name}: {failure.Message}", handling);
        counts.Add(Count.ChunksFailed);
        counts.Add(Count.SamplesRefused, (long)handling.Chunk.SampleCount * handling.Chunk.Channels.Count);
    }

    private PatientActor Begin()
    {
        var actor = new PatientActor(settings, counts, Points);
        if (_restored is { } snapshot)
            actor.Restore(snapshot, StateTransfer.OfThread);
        _restored = null;
        return actor;
    }

    /// <summary>Keeps a record behind the failed one; <paramref name="hold"/> keeps its offset from being committed.</summary>
    public void Stash(in ShardRecord record, OffsetWatermark.Hold hold) => (_stash ??= new Queue<Stashed>()).Enqueue(new Stashed(record, hold));

    /// <summary>Sets the time of the next attempt by the restart policy.</summary>
    public void Delay(TimeProvider time)
    {
        var delay = settings.RestartPolicy.DelayAfter(_failedCount) ?? TimeSpan.Zero;
        RetryAt = time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>The record to try next.</summary>
    public ShardRecord Next => _stash!.Peek().Record;   // only called while waiting, when the stash is not empty

    /// <summary>The record that was tried is done with: gives back its hold. The last one ends the wait.</summary>
    public OffsetWatermark.Hold Release()
    {
        var hold = _stash!.Dequeue().Hold;
        if (_stash.Count == 0)
            _stash = null;
        return hold;
    }

    private readonly record struct Stashed(ShardRecord Record, OffsetWatermark.Hold Hold);

    /// <summary>How much was in the batch, and waited for a network, before a record.</summary>
    private readonly struct Written(OutputBatch batch, int waiting)
    {
        private readonly int _points = batch.Points.Count, _beats = batch.Beats.Count, _letters = batch.DeadLetters.Count;

        public void TakeBack(in Handling handling, WaitingPoints points)
        {
            var batch = handling.Batch;
            batch.Points.RemoveRange(_points, batch.Points.Count - _points);
            batch.Beats.RemoveRange(_beats, batch.Beats.Count - _beats);
            batch.DeadLetters.RemoveRange(_letters, batch.DeadLetters.Count - _letters);
            points.Truncate(waiting);
            handling.Scratch.Clear();
        }
    }
}
