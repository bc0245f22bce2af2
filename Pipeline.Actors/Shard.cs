using System.Buffers;
using System.Diagnostics;
using Pipeline.Actors.Serving;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;

namespace Pipeline.Actors;

/// <summary>
/// One shard = one partition: a loop over a bounded mailbox. In: the partition's records, and the networks' answers beside them. Out: batches for
/// the sinks. Only the loop touches the patients; what other threads may call is said on the member. When
/// <see cref="TopologyOptions.MaxBatchesInFlight"/> batches wait for their acknowledgement the loop stands still; when too many windows wait for
/// networks it takes answers and no records. Then the mailbox fills, and <see cref="TryPost"/> says no: that is the whole back-pressure.
/// </summary>
internal sealed class Shard
{
    private const int TakeCount = 64;   // records taken from the mailbox at once

    private readonly ShardPatients _patients;
    private readonly ShardCheckpoints? _checkpoints;    // null: no state is kept
    private readonly Delivery _delivery;
    private readonly Mailbox<Envelope> _mailbox;
    private readonly Envelope[] _taken = new Envelope[TakeCount];
    private readonly SupervisedPatient?[] _found = new SupervisedPatient?[TakeCount];   // whose records are in _taken
    private readonly ShardOutput _output;
    private readonly ShardNetworks _networks;
    private readonly ShardQuestions _questions;
    private readonly StageOutput _scratch = new();
    private readonly StreamMark _mark = new();
    private readonly TimeProvider _time;
    private readonly CancellationToken _stop;
    private long? _handled;     // offset of the last record

    public Shard(int number, string topic, ActorSettings settings, PatientPlaces places, Delivery delivery, Counts counts, TimeProvider time, ShardRestore? restore, Guid topicId, TaskScheduler scheduler, CancellationToken stop)
    {
        (Number, Topic, Counts) = (number, topic, counts);
        _checkpoints = restore is null ? null : new ShardCheckpoints(restore, topicId, delivery);
        _patients = new ShardPatients(number, settings, places, Counts, _checkpoints, restore);
        _delivery = delivery;
        _mailbox = new Mailbox<Envelope>(settings.Options.MailboxCapacity);
        _delivery.Failed = _mailbox.Wake;
        _output = new ShardOutput(number, settings.Options.MaxBatchPoints, delivery, counts);
        _networks = new ShardNetworks(settings.Models, settings.Qrs, number, restore?.Networks ?? default, counts);
        _questions = new ShardQuestions(settings.Options, _networks, delivery, counts, time, _mailbox.Wake, stop);
        _time = time;
        _stop = stop;
        stop.Register(() =>
        {
            _mailbox.Complete();
            _mailbox.Wake();
        });
        Completion = Task.Factory.StartNew(RunAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler).Unwrap();
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

    /// <summary>Patients of whom there is a snapshot only. Any thread; may lag.</summary>
    public int PassiveCount => _patients.PassiveCount;

    /// <summary>Batches that wait for their acknowledgement. Any thread.</summary>
    public int InFlightCount => _delivery.InFlightCount;

    /// <summary>Windows that a network is asked about, and has not answered. Any thread.</summary>
    public int QuestionCount => _questions.OpenCount;

    /// <summary>Ends when the mailbox was completed and all that was in it is answered and delivered; fails when a sink does. Any thread.</summary>
    public Task Completion { get; }

    /// <summary>See <see cref="OffsetWatermark.Committable"/>. Any thread.</summary>
    public long? Committable => _delivery.Committable;

    /// <summary>Asks for a checkpoint; see <see cref="ShardCheckpoints"/>. Any thread.</summary>
    public void RequestCheckpoint()
    {
        _checkpoints?.Request();
        _mailbox.Wake();
    }

    /// <summary>See <see cref="ShardCheckpoints.TakeReady"/>. Any thread.</summary>
    public ShardCheckpoint? TakeCheckpoint() => _checkpoints?.TakeReady();

    /// <summary>See <see cref="ShardCheckpoints.NoteCommitted"/>. Any thread.</summary>
    public void NoteCommitted(ShardCheckpoint checkpoint)
    {
        _checkpoints?.NoteCommitted(checkpoint);
        _mailbox.Wake();
    }

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
    public void Complete()
    {
        _mailbox.Complete();
        _mailbox.Wake();
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"handled {_handled}, committable {Committable}; {WaitingCount} records wait, {QuestionCount} questions, {InFlightCount} batches; "
        + $"barrier {IsBarrier} (checkpoint {_checkpoints?.IsWanted}, networks changing {_networks.IsChanging}, behind {_networks.IsBehind}), room {_questions.HasRoom}, "
        + $"patients waiting {_patients.AnyWaiting}; loop {Completion.Status}";

    private bool IsAtEnd => _mailbox is { IsCompleted: true, Count: 0 };

    /// <summary>Whether the loop is to come to rest: every record so far handled, every question answered.</summary>
    private bool IsBarrier => _checkpoints is { IsWanted: true } || IsChangeDue;

    /// <summary>Whether another network is to be asked. A shard that leaves with its state stays with its own; one that is about to change hands that over, too.</summary>
    private bool IsChangeDue => _networks.IsChanging || (_networks.IsBehind && !(_checkpoints is null ? IsAtEnd : _mailbox.IsCompleted));

    private async Task RunAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                _delivery.ThrowIfFailed();
                var isBarrier = IsBarrier;
                RetryDue(force: IsAtEnd || isBarrier);  // a checkpoint waits for every record before it, and the neighbours with it
                await SettleAsync(null);
                if (!isBarrier && _questions.HasRoom && _mailbox.Take(_taken) is > 0 and var count)
                {
                    await HandleAsync(count);
                    continue;
                }
                await _output.FlushAsync(null, _stop);
                var isAtRest = !_patients.AnyWaiting && _questions.OpenCount == 0;
                if (isAtRest && (isBarrier || IsAtEnd))
                    Rest();
                if (isAtRest && (IsAtEnd || (IsChangeDue && _mailbox.IsCompleted)))
                    break;
                if (isBarrier != IsBarrier)
                    continue;
                // At the end a patient that waits for another attempt gets it at once: the mailbox does not let the loop wait then.
                await WaitAsync(forRecords: !isBarrier && _questions.HasRoom && (!IsAtEnd || _patients.AnyWaiting));
            }
            await _delivery.WhenAllAcknowledgedAsync();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The shard was taken away, or the process stops: what is not acknowledged is not committed.
        }
        finally
        {
            _mailbox.Complete();
            _patients.Clear();
            await _questions.EndAsync();
            await _delivery.WhenAllEndedAsync();
        }
    }

    /// <summary>Every record so far is handled, every question answered: a checkpoint, another network, or both.</summary>
    private void Rest()
    {
        if (!IsChangeDue)
        {
            _checkpoints?.Capture(_handled, _patients, _networks.Names);
            return;
        }
        if (!_networks.IsChanging)
            _networks.Prepare();
        if (_checkpoints?.CaptureChange(_handled, _patients, _networks.Names) != false)
            _networks.Change((_handled ?? -1) + 1);
    }

    private async ValueTask HandleAsync(int count)
    {
        var first = _taken[0].Record.Offset;
        _output.Begin(first);
        _delivery.Take(first, _taken[count - 1].Record.Offset);
        _networks.Begin(first);
        FindPatients(count);
        for (var i = 0; i < count;)
        {
            i = HandleWhilePossible(i, count);
            if (i == count)
                break;
            await SettleAsync(_taken[i].Record.Offset);
            if (_questions.HasRoom)
                continue;
            await _output.FlushAsync(_taken[i].Record.Offset, _stop);
            await _mailbox.WaitForWakeAsync();
            _stop.ThrowIfCancellationRequested();
        }
        _handled = _taken[count - 1].Record.Offset;
        Array.Clear(_taken, 0, count);
        Array.Clear(_found, 0, count);
    }

    /// <summary>Takes the answers that came, and gives the batch to the sinks when it is full; records from <paramref name="next"/> on are taken but not yet handled.</summary>
    private async ValueTask SettleAsync(long? next)
    {
        _questions.Settle(_output, _scratch);
        if (_output.IsFull)
            await _output.FlushAsync(next, _stop);
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

    private int HandleWhilePossible(int from, int count)
    {
        for (; from < count && !_output.IsFull && _questions.HasRoom; from++)
        {
            ref readonly var envelope = ref _taken[from];
            _output.Batch.EnteredAt = envelope.EnteredAt;
            _output.Batch.LastOffset = envelope.Record.Offset;
            Handle(envelope, _found[from]);
        }
        return from;
    }

    private void Handle(in Envelope envelope, SupervisedPatient? patient)
    {
        var record = envelope.Record;
        Counts.Add(Count.Records);
        if (record.Chunk is not { } chunk)
        {
            Counts.Add(Count.RecordsRefused);
            if (record.Refused is { } letter)
                _output.Batch.DeadLetters.Add(letter);
            return;
        }
        if (patient is { } known && record.Offset <= known.AppliedOffset)
        {
            Counts.Add(Count.RecordsInSnapshots);
            return;
        }
        Counts.Add(Count.Samples, (long)chunk.SampleCount * chunk.Channels.Count);
        if (patient is null)
        {
            Counts.Add(Count.ChunksRefused);
            Counts.Add(Count.SamplesRefused, (long)chunk.SampleCount * chunk.Channels.Count);
            PatientActor.AddDeadLetter("chunk", chunk.Patient.Value is null ? "no patient" : _patients.Fullness, Begin(record, chunk));
            return;
        }
        var isGone = _patients.IsGone(patient, record.Offset);
        if (isGone || patient.IsStashFull)
            Retry(patient, force: true, regardless: isGone);
        _patients.See(patient, chunk, record.Offset, isGone);
        if (patient.IsWaiting)
            patient.Stash(record, _delivery.Open(record.Offset));
        else if (!TryHandle(patient, record, envelope.EnteredAt))
        {
            patient.Stash(record, _delivery.Open(record.Offset));
            Wait(patient);
        }
    }

    private bool TryHandle(SupervisedPatient patient, in ShardRecord record, long enteredAt)
    {
        var waiting = patient.Points.Count;
        if (!patient.TryHandle(Begin(record, record.Chunk!)))   // only records with a chunk reach a patient
            return false;
        _questions.Admit(patient.Points, waiting, record, enteredAt);
        return true;
    }

    private Handling Begin(in ShardRecord record, SampleChunk chunk) =>
        new(record, chunk, new Origin(Topic, Number, record.Offset), _networks.Asked, _output.Batch, _scratch, _mark);

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

    /// <summary>
    /// Tries the records that wait, in order, until none is left or one fails again; forced: until none is left. Where their windows find no
    /// room to wait for networks the patient goes on waiting, unless <paramref name="regardless"/> of it.
    /// </summary>
    private void Retry(SupervisedPatient patient, bool force, bool regardless = false)
    {
        while (patient.IsWaiting)
        {
            if (!_questions.HasRoom && !regardless)
            {
                _patients.AddWaiting(patient);
                return;
            }
            var record = patient.Next;
            _output.Begin(record.Offset);
            if (TryHandle(patient, record, Stopwatch.GetTimestamp()))
                _output.Join(patient.Release(), Stopwatch.GetTimestamp());
            else if (!force)
            {
                Wait(patient);
                return;
            }
        }
    }

    /// <summary>Waits for a record or the end of them if <paramref name="forRecords"/>, and for an answer, or the next attempt that is due.</summary>
    private async ValueTask WaitAsync(bool forRecords)
    {
        using var timer = _questions.HasRoom && _patients.NextRetryAt is { } due ? WakeAt(due) : null;
        if (forRecords)
            await _mailbox.WaitAsync();
        else
            await _mailbox.WaitForWakeAsync();
    }

    private ITimer WakeAt(long timestamp)
    {
        var wait = TimeSpan.FromSeconds(Math.Max(0, timestamp - _time.GetTimestamp()) / (double)_time.TimestampFrequency);
        return _time.CreateTimer(_ => _mailbox.Wake(), null, wait, Timeout.InfiniteTimeSpan);
    }

    private readonly record struct Envelope(ShardRecord Record, long EnteredAt);
}
