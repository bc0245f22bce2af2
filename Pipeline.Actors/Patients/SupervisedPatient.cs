using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// One patient in a partition's window stage. A record on which its streams throw leaves everything as it was before: it is tried again,
/// and after the last attempt goes to the dead letters (stage <c>patient</c>); the patient goes on without it. Other patients are not
/// touched.
/// </summary>
internal sealed class SupervisedPatient(PatientId id, PartitionSettings settings, Counts counts)
{
    private PatientStreams? _streams;
    private PatientSnapshot? _restored;     // until the first record
    private List<TimedRecord>? _stash;
    private HeardDevice? _heard;            // the first of its devices as the partition's presence table knows them

    /// <summary>Pseudonym.</summary>
    public PatientId Id { get; } = id;

    /// <summary>How its entity is reached.</summary>
    public PatientLink Link { get; } = new(id, new PatientState(settings.Alarms));

    /// <summary>One of its devices sent.</summary>
    public void Hear(PresenceTable presence, SampleChunk chunk, long now) => presence.Hear(ref _heard, chunk, now);

    /// <summary>Number, in the partition's count, of the patient's last record.</summary>
    public long LastRecord { get; set; }

    /// <summary>When its last record was handled; null before the first.</summary>
    public LastSeen? Seen { get; set; }

    /// <summary>Bytes of samples that its streams hold in memory.</summary>
    public long HeldBytes => _streams?.HeldBytes ?? 0;

    /// <summary>Whether its snapshot is being read from where passive patients lie; its records wait meanwhile.</summary>
    public bool IsLoading { get; private set; }

    /// <summary>Failed readings of its snapshot.</summary>
    public int FailedLoadCount { get; set; }

    /// <summary>Offset of the last record that is in its state by way of a snapshot; −1: none is.</summary>
    public long AppliedOffset { get; private set; } = -1;

    /// <summary>Its snapshot is about to be read: records wait until <see cref="EndLoading"/>.</summary>
    public void BeginLoading() => IsLoading = true;

    /// <summary>Keeps a record until the snapshot is there.</summary>
    public void Stash(in TimedRecord record) => (_stash ??= []).Add(record);

    /// <summary>The snapshot was read, or there is none. Returns the records that waited, in order.</summary>
    public IReadOnlyList<TimedRecord> EndLoading(PatientSnapshot? snapshot, RecordPosition here)
    {
        IsLoading = false;
        if (snapshot is not null)
            Restore(snapshot, here);
        var stash = _stash ?? [];
        _stash = null;
        return stash;
    }

    /// <summary>
    /// The patient goes on where <paramref name="snapshot"/> was captured. <paramref name="here"/>: a record of the partition; only the
    /// snapshot's own partition of the same topic can say which records are in it, elsewhere epoch and sample index do.
    /// </summary>
    public void Restore(PatientSnapshot snapshot, RecordPosition here)
    {
        _restored = snapshot;
        Seen = snapshot.Seen;
        AppliedOffset = snapshot.Applied.TopicId == here.TopicId && snapshot.Applied.Partition == here.Partition ? snapshot.Applied.Offset : -1;
    }

    /// <summary>The state of its streams after record <paramref name="applied"/>, between two records; <see cref="PatientState.Complete"/>
    /// adds the rest.</summary>
    public PatientSnapshot Capture(RecordPosition applied, StateTransfer state)
    {
        var snapshot = _restored is { } untouched ? untouched with { Applied = applied } : new PatientSnapshot(Id, applied, _streams?.Capture(state) ?? []);
        return Seen is { } seen ? snapshot with { Seen = seen } : snapshot;
    }

    /// <summary>Loses its state: with the next record it is a new patient.</summary>
    public void Forget()
    {
        (_streams, _restored) = (null, null);
        Link.Start = new PatientState(settings.Alarms);
    }

    /// <summary>See <see cref="DeviceStream.Prefetch"/>.</summary>
    public void Prefetch(SampleChunk chunk) => _streams?.Prefetch(chunk);

    /// <summary>Handles a record; what throws is tried <see cref="TopologyOptions.MaxAttempts"/> times.</summary>
    public void Handle(RecordHandling handling)
    {
        var written = new Written(handling);
        for (var failedCount = 1; ; failedCount++)
            try
            {
                (_streams ??= Begin()).Handle(handling);
                return;
            }
#pragma warning disable CA1031 // The boundary: whatever one patient's estimators throw must not stop its neighbours.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                written.TakeBack();
                counts.Add(Count.PatientsRestarted);
                var device = Undo(handling.Mark);
                if (failedCount < settings.Options.MaxAttempts)
                    continue;
                if (device is null || !TryHandleWithout(device, handling))
                    GiveUp(handling, failedCount, failure);
                return;
            }
    }

    /// <summary>
    /// A state that fails with every chunk would stop the patient for good, and is not worth keeping: a last attempt without the state
    /// shows whether state or chunk is to blame. So it follows from the records alone, also when the patient moves to another process in
    /// between.
    /// </summary>
    private bool TryHandleWithout(string device, RecordHandling handling)
    {
        var written = new Written(handling);
        try
        {
            _streams!.HandleWithout(device, handling);    // it was undone
            return true;
        }
#pragma warning disable CA1031 // As above.
        catch
#pragma warning restore CA1031
        {
            written.TakeBack();
            return false;
        }
    }

    /// <summary>Back to before the record; returns the device on whose state it threw. A patient that cannot go back begins anew.</summary>
    private string? Undo(StreamMark mark)
    {
        try
        {
            return _streams?.Undo(mark, Id);
        }
#pragma warning disable CA1031 // As above: a stage that cannot be made again.
        catch
#pragma warning restore CA1031
        {
            counts.Add(Count.StreamsBegunAnew);
            _streams = null;
            return null;
        }
    }

    private void GiveUp(RecordHandling handling, int failedCount, Exception failure)
    {
        handling.AddDeadLetter("patient", $"failed {failedCount} times, last with {failure.GetType().Name}: {failure.Message}");
        counts.Add(Count.ChunksFailed);
        counts.Add(Count.SamplesRefused, (long)handling.Chunk.SampleCount * handling.Chunk.Channels.Count);
    }

    private PatientStreams Begin()
    {
        var streams = new PatientStreams(settings, counts);
        if (_restored is { } snapshot)
        {
            Link.Start = PatientState.Restore(snapshot, streams.Restore(snapshot, StateTransfer.OfThread), StateTransfer.OfThread, settings.Alarms);
            counts.Add(Count.StreamsNotRestored, Link.Start.AreAlarmsLost ? 1 : 0);
        }
        _restored = null;
        return streams;
    }

    /// <summary>How much was in the output before a record.</summary>
    private readonly struct Written(RecordHandling handling)
    {
        private readonly int _beats = handling.Output.Beats.Count, _letters = handling.Output.DeadLetters.Count;

        public void TakeBack()
        {
            var output = handling.Output;
            output.Beats.RemoveRange(_beats, output.Beats.Count - _beats);
            output.DeadLetters.RemoveRange(_letters, output.DeadLetters.Count - _letters);
            handling.DropWindows();
            handling.Scratch.Clear();
        }
    }
}

/// <summary>A record with the partition's latest event time before it and with it.</summary>
internal readonly record struct TimedRecord(ShardRecord Record, Timestamp? Before, Timestamp After);
