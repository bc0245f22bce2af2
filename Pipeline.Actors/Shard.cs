using System.Buffers;
using System.Diagnostics;
using Pipeline.Models.Estimators;

namespace Pipeline.Actors;

/// <summary>
/// One shard = one partition: a loop over a bounded mailbox. In: the partition's records. Out: batches for the sinks. Only the loop touches
/// the patients; what other threads may call is said on the member. When <see cref="TopologyOptions.MaxBatchesInFlight"/> batches wait for
/// their acknowledgement the loop stands still, the mailbox fills, and <see cref="TryPost"/> says no: that is the whole back-pressure.
/// </summary>
internal sealed class Shard
{
    private const int TakeCount = 64;   // records taken from the mailbox at once

    private readonly ShardPatients _patients;
    private readonly Delivery _delivery;
    private readonly Mailbox<Envelope> _mailbox;
    private readonly Envelope[] _taken = new Envelope[TakeCount];
    private readonly SupervisedPatient?[] _found = new SupervisedPatient?[TakeCount];   // whose records are in _taken
    private readonly StageOutput _scratch = new();
    private readonly TopologyOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stop;
    private OutputBatch _batch;
    private OffsetWatermark.Hold? _hold;    // of the records in _batch; null while there is none

    public Shard(int number, string topic, ActorSettings settings, PatientPlaces places, Delivery delivery, Counts counts, TimeProvider time, CancellationToken stop)
    {
        (Number, Topic, Counts) = (number, topic, counts);
        _options = settings.Options;
        _patients = new ShardPatients(number, settings, places, Counts);
        _delivery = delivery;
        _mailbox = new Mailbox<Envelope>(settings.Options.MailboxCapacity);
        _delivery.Failed = _mailbox.Wake;
        _time = time;
        _stop = stop;
        _batch = new OutputBatch { Shard = number };
        stop.Register(_mailbox.Complete);
        Completion = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>Number of the partition.</summary>
    public int Number { get; }

    /// <summary>Input topic, or the recording's name.</summary>
    public string Topic { get; }

    /// <summary>What the loop has counted. Any thread may read.</summary>
    public Counts Counts { get; }

    /// <summary>Records that wait. Any thread.</summary>
    public int WaitingCount => _mailbox.Count;

    /// <summary>Patients in memory. Any thread; may lag.</summary>
    public int PatientCount => _patients.Count;

    /// <summary>Batches that wait for their acknowledgement. Any thread.</summary>
    public int InFlightCount => _delivery.InFlightCount;

    /// <summary>Ends when the mailbox was completed and all that was in it is delivered; fails when a sink does. Any thread.</summary>
    public Task Completion { get; }

    /// <summary>See <see cref="OffsetWatermark.Committable"/>. Any thread.</summary>
    public long? Committable => _delivery.Committable;

    /// <summary>Places a record; false when the mailbox is full. Any thread; offsets ascend.</summary>
    public bool TryPost(in ShardRecord record) => _mailbox.TryPost(new Envelope(record, Stopwatch.GetTimestamp()));

    /// <summary>Places the first of some records, as many as there is room for; returns how many. Any thread; offsets ascend.</summary>
    public int Post(ReadOnlySpan<ShardRecord> records)
    {
        var now = Stopwatch.GetTimestamp();
        var envelopes = ArrayPool<Envelope>.Shared.Rent(records.Length);
        try
        {
            for (var i = 0; i < records.Length; i++)
                envelopes[i] = new Envelope(records[i], now);
            return _mailbox.Post(envelopes.AsSpan(0, records.Length));
        }
        finally
        {
            ArrayPool<Envelope>.Shared.Return(envelopes, clearArray: true);
        }
    }

    /// <summary>Completes when half of the mailbox is free. Any thread.</summary>
    public ValueTask WaitForSpaceAsync(CancellationToken stop) => _mailbox.WaitForSpaceAsync(stop);

    /// <summary>No record follows. Any thread.</summary>
    public void Complete() => _mailbox.Complete();

    private async Task RunAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                _delivery.ThrowIfFailed();
                RetryDue(force: _mailbox is { IsCompleted: true, Count: 0 });
                var count = _mailbox.Take(_taken);
                if (count > 0)
                {
                    await HandleAsync(count).ConfigureAwait(false);
                    continue;
                }
                if (_hold is not null)
                    await FlushAsync(null).ConfigureAwait(false);
                if (_mailbox is { IsCompleted: true, Count: 0 } && !_patients.AnyWaiting)
                    break;
                await WaitAsync().ConfigureAwait(false);
            }
            await _delivery.WhenAllAcknowledgedAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The shard was taken away, or the process stops: what is not acknowledged is not committed.
        }
        finally
        {
            _mailbox.Complete();
            _patients.Clear();
            await _delivery.WhenAllEndedAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask HandleAsync(int count)
    {
        _hold ??= _delivery.Open(_taken[0].Record.Offset);
        _delivery.Take(_taken[0].Record.Offset, _taken[count - 1].Record.Offset);
        Counts.Add(Count.Records, count);
        FindPatients(count);
        for (var i = 0; i < count;)
        {
            i = HandleUntilFull(i, count);
            if (IsFull)
                await FlushAsync(i < count ? _taken[i].Record.Offset : null).ConfigureAwait(false);
        }
        Array.Clear(_taken, 0, count);
        Array.Clear(_found, 0, count);
    }

    /// <summary>Looks all patients up before the first is handled, so that the waits for their memory overlap.</summary>
    private void FindPatients(int count)
    {
        for (var i = 0; i < count; i++)
            if (_taken[i].Record.Chunk is { Patient.Value: not null } chunk)
                _found[i] = _patients.Find(chunk);
        for (var i = 0; i < count; i++)
            if (_found[i] is { } patient)
                patient.Prefetch(_taken[i].Record.Chunk!);   // found by its chunk
    }

    private bool IsFull => _batch.Points.Count + _batch.DeadLetters.Count >= _options.MaxBatchPoints;

    private int HandleUntilFull(int from, int count)
    {
        for (; from < count && !IsFull; from++)
        {
            ref readonly var envelope = ref _taken[from];
            _batch.EnteredAt = envelope.EnteredAt;
            _batch.LastOffset = envelope.Record.Offset;
            Handle(envelope.Record, _found[from]);
        }
        return from;
    }

    private void Handle(in ShardRecord record, SupervisedPatient? patient)
    {
        if (record.Chunk is not { } chunk)
        {
            Counts.Add(Count.RecordsRefused);
            if (record.Refused is { } letter)
                _batch.DeadLetters.Add(letter);
            return;
        }
        Counts.Add(Count.Samples, (long)chunk.SampleCount * chunk.Channels.Count);
        var origin = new Origin(Topic, Number, record.Offset);
        if (patient is null)
        {
            Counts.Add(Count.ChunksRefused);
            Counts.Add(Count.SamplesRefused, (long)chunk.SampleCount * chunk.Channels.Count);
            PatientActor.AddDeadLetter("chunk", chunk.Patient.Value is null ? "no patient" : _patients.Fullness, record, origin, chunk, _batch);
            return;
        }
        if (patient.IsStashFull)
            Retry(patient, force: true);
        if (patient.IsWaiting)
            patient.Stash(record, _delivery.Open(record.Offset));
        else if (!patient.TryHandle(record, origin, chunk, _batch, _scratch))
        {
            patient.Stash(record, _delivery.Open(record.Offset));
            Wait(patient);
        }
    }

    /// <summary>Gives the batch to the sinks; records from <paramref name="next"/> on are taken but not yet handled.</summary>
    private async ValueTask FlushAsync(long? next)
    {
        var (batch, hold) = (_batch, _hold!);   // flushed only after a record was handled, which opened the hold
        _hold = next is { } offset ? _delivery.Open(offset) : null;
        if (batch.Points.Count + batch.Beats.Count + batch.DeadLetters.Count == 0)
        {
            _delivery.Close(hold);
            return;
        }
        _batch = new OutputBatch { Shard = Number, LastOffset = batch.LastOffset };
        Counts.Add(Count.Batches);
        await _delivery.HandOverAsync(batch, hold, _stop).ConfigureAwait(false);
    }

    private void Wait(SupervisedPatient patient)
    {
        patient.Delay(_time);
        _patients.AddWaiting(patient);
    }

    private void RetryDue(bool force)
    {
        if (!_patients.AnyWaiting)
            return;
        foreach (var patient in _patients.TakeWaiting())
            if (force || patient.RetryAt <= _time.GetTimestamp())
                Retry(patient, force);
            else
                _patients.AddWaiting(patient);
    }

    /// <summary>Tries the records that wait, in order, until none is left or one fails again; forced: until none is left.</summary>
    private void Retry(SupervisedPatient patient, bool force)
    {
        while (patient.IsWaiting)
        {
            var record = patient.Next;
            _hold ??= _delivery.Open(record.Offset);
            // A stashed record has a chunk: only those reach a patient.
            if (patient.TryHandle(record, new Origin(Topic, Number, record.Offset), record.Chunk!, _batch, _scratch))
                _delivery.Merge(patient.Release(), _hold);
            else if (!force)
            {
                Wait(patient);
                return;
            }
        }
    }

    /// <summary>Waits for a record, the end, or the next attempt that is due.</summary>
    private async ValueTask WaitAsync()
    {
        if (_patients.NextRetryAt is not { } due)
        {
            await _mailbox.WaitAsync().ConfigureAwait(false);
            return;
        }
        var wait = TimeSpan.FromSeconds(Math.Max(0, due - _time.GetTimestamp()) / (double)_time.TimestampFrequency);
        await using var timer = _time.CreateTimer(_ => _mailbox.Wake(), null, wait, Timeout.InfiniteTimeSpan);
        await _mailbox.WaitAsync().ConfigureAwait(false);
    }

    private readonly record struct Envelope(ShardRecord Record, long EnteredAt);
}
