using Pipeline.Actors.Serving;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// The supervisor of one patient. A patient that throws loses its state and what the failing chunk had put into the batch; the chunk is tried
/// again after a delay, with the patient's further chunks waiting behind it in order; after the last attempt it goes to the dead letters
/// (stage <c>patient</c>). Other patients notice nothing.
/// </summary>
internal sealed class SupervisedPatient(PatientId id, ActorSettings settings, Counts counts, WaitingPoints points)
{
    private PatientActor? _actor;
    private PatientSnapshot? _restored;     // until the first record
    private Queue<Stashed>? _stash;
    private int _failedCount;

    /// <summary>Pseudonym.</summary>
    public PatientId Id { get; } = id;

    /// <summary>Number, in the shard's count, of the patient's last record.</summary>
    public long LastRecord { get; set; }

    /// <summary>Offset of the patient's last record.</summary>
    public long LastOffset { get; set; }

    /// <summary>Event time of the patient's last chunk.</summary>
    public Timestamp LastTime { get; set; }

    /// <summary>
    /// Its points that wait for a network. They outlive a restart, and that it is forgotten: what earlier records gave does not depend on what
    /// became of later ones.
    /// </summary>
    public WaitingPoints Points { get; } = points;

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
        AppliedOffset = snapshot.Applied.TopicId == here.TopicId && snapshot.Applied.Partition == here.Partition ? snapshot.Applied.Offset : -1;
    }

    /// <summary>Its whole state after record <paramref name="applied"/>; between two records, when none of its points waits.</summary>
    public PatientSnapshot Capture(RecordPosition applied, StateTransfer state) =>
        _restored is { } untouched ? untouched with { Applied = applied } : new PatientSnapshot(Id, applied, _actor?.Capture(state) ?? []);

    /// <summary>See <see cref="Models.DeviceStream.Prefetch"/>.</summary>
    public void Prefetch(SampleChunk chunk) => _actor?.Prefetch(chunk);

    /// <summary>Handles a record while the patient does not wait; false when it threw and waits from now on, with the record.</summary>
    public bool TryHandle(in Handling handling)
    {
        var (batch, chunk) = (handling.Batch, handling.Chunk);
        var (points, beats, letters, waiting) = (batch.Points.Count, batch.Beats.Count, batch.DeadLetters.Count, Points.Count);
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
            batch.Points.RemoveRange(points, batch.Points.Count - points);
            batch.Beats.RemoveRange(beats, batch.Beats.Count - beats);
            batch.DeadLetters.RemoveRange(letters, batch.DeadLetters.Count - letters);
            Points.Truncate(waiting);
            handling.Scratch.Clear();
            _actor = null;
            _failedCount++;
            counts.Add(Count.PatientsRestarted);
            if (_failedCount < settings.RestartPolicy.MaxAttempts)
                return false;
            PatientActor.AddDeadLetter("patient", $"failed {_failedCount} times, last with {failure.GetType().Name}: {failure.Message}", handling);
            counts.Add(Count.ChunksFailed);
            counts.Add(Count.SamplesRefused, (long)chunk.SampleCount * chunk.Channels.Count);
            _failedCount = 0;
            return true;
        }
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
}
