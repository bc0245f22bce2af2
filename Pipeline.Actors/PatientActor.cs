using Pipeline.Actors.Serving;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>What the actors of one topology share; immutable.</summary>
internal sealed record ActorSettings(TopologyOptions Options, WindowShape Shape, RestartPolicy RestartPolicy, StageFactory Stages, ServedModels? Models, ServedQrs? Qrs, IPassivePatients Passive);

/// <summary>A record on its way through its patient.</summary>
/// <param name="Record">The record.</param>
/// <param name="Chunk">Its chunk.</param>
/// <param name="Origin">What its output says of where it comes from.</param>
/// <param name="Networks">The networks that are asked.</param>
/// <param name="Batch">Takes points, beats and dead letters.</param>
/// <param name="Scratch">Empty, and left empty.</param>
/// <param name="Mark">Notes what the record is about to change.</param>
internal readonly record struct Handling(
    ShardRecord Record, SampleChunk Chunk, Origin Origin, AskedNetworks Networks, OutputBatch Batch, StageOutput Scratch, StreamMark Mark);

/// <summary>
/// One patient: its device streams, and nothing else. In: the patient's records, in offset order. Out: points, beats and dead letters in the
/// shard's batch; points that a network is to be asked about, and those behind them, in <paramref name="waiting"/>. Runs on its shard's loop;
/// keeps no reference to a chunk.
/// </summary>
internal sealed class PatientActor(ActorSettings settings, Counts counts, WaitingPoints waiting)
{
    private readonly List<Device> _devices = new(2);
    private AskedNetworks? _networks;   // those of the last record
    private Device[]? _before;          // the devices before the record; null while it leaves them as they are

    /// <summary>
    /// Goes on where <paramref name="snapshot"/> was captured. A stream that cannot (other windows are set now, or the snapshot is of a newer
    /// program) begins anew with its next chunk, and is counted.
    /// </summary>
    public void Restore(PatientSnapshot snapshot, StateTransfer state)
    {
        foreach (var placed in snapshot.Devices)
            if (DeviceStream.Restore(settings.Shape, settings.Stages, snapshot.Patient, placed.Stream, state, out var told) is { } stream)
            {
                _devices.Add(new Device(stream, snapshot.Patient, placed));
                counts.Add(told is null ? Actors.Count.StreamsRestored : Actors.Count.StreamsRestoredInPart);
            }
            else
                counts.Add(Actors.Count.StreamsNotRestored);
    }

    /// <summary>The whole state, between two records, when none of its points waits.</summary>
    public IReadOnlyList<PlacedDevice> Capture(StateTransfer state) => [.. _devices.Select(device => device.Capture(state))];

    /// <summary>Handles a record. When it throws, <see cref="Undo"/> is due before anything else.</summary>
    public void Handle(in Handling handling)
    {
        var chunk = handling.Chunk;
        handling.Mark.Clear();
        _before = null;
        if (!ReferenceEquals(handling.Networks, _networks))
            Use(handling.Networks);
        var device = Find(chunk.Device);
        if (device is not null && chunk.Epoch < device.Stream.Epoch)
        {
            Count(chunk, new ChunkVerdict(ChunkFate.Late, 0, 0));
            return;
        }
        if (device is null || chunk.Epoch > device.Stream.Epoch)
        {
            if ((DeviceStream.FindFault(settings.Shape, chunk) ?? FindCrowd(device, handling)) is { } fault)
            {
                Refuse(handling, fault);
                return;
            }
            device = Begin(device, handling);
        }

        else
        {
            device.Stream.Mark(handling.Mark, chunk);
        }

        var verdict = device.Stream.Accept(chunk);
        if (verdict.Fate == ChunkFate.Refused)
        {
            Refuse(handling, verdict.Reason);
            return;
        }
        Pass(device, chunk, handling);
        if (verdict.TakenCount > 0)
            device.Seen(chunk);
        Count(chunk, verdict);   // last: a chunk on which a stage throws is counted when it is tried again, or given up
    }

    /// <summary>
    /// Goes back to before the record that threw. Returns the device on whose state it threw; null when that was a new one, whose stream the
    /// record had begun.
    /// </summary>
    public string? Undo(StreamMark mark, PatientId patient)
    {
        if (_before is { } before)
        {
            _devices.Clear();
            _devices.AddRange(before);
            _before = null;
        }
        if (mark.Stream is not { } stream)
            return null;
        stream.ReturnTo(mark, settings.Stages, patient);
        Tell(stream);
        return stream.Device;
    }

    /// <summary>Handles a record without what is known of <paramref name="device"/>, which begins anew; when that throws, too, all is as it was.</summary>
    public void HandleWithout(string device, in Handling handling)
    {
        Device[] before = [.. _devices];
        _devices.RemoveAll(known => known.Stream.Device == device);
        var done = false;
        try
        {
            Handle(handling);
            done = true;
        }
        finally
        {
            _before = null;
            if (!done)
            {
                _devices.Clear();
                _devices.AddRange(before);
            }
        }
        counts.Add(Actors.Count.StreamsBegunAnew);
    }

    /// <summary>See <see cref="DeviceStream.Prefetch"/>.</summary>
    public void Prefetch(SampleChunk chunk) => Find(chunk.Device)?.Stream.Prefetch(chunk);

    /// <summary>A dead letter about the record, with its own bytes.</summary>
    public static void AddDeadLetter(string stage, string? reason, in Handling handling) => handling.Batch.DeadLetters.Add(new DeadLetter(
        stage, reason ?? "", handling.Origin, System.Text.Encoding.UTF8.GetBytes(handling.Chunk.Patient.Value ?? ""), handling.Record.Payload));

    private void Use(AskedNetworks networks)
    {
        _networks = networks;
        foreach (var device in _devices)
            Tell(device.Stream);
    }

    private void Tell(DeviceStream stream)
    {
        if (_networks?.Rate is { } rate)
            stream.Use(rate);
        if (_networks?.Qrs is { } qrs)
            stream.Use(qrs);
    }

    private Device? Find(string name)
    {
        foreach (var device in _devices)
            if (device.Stream.Device == name)
                return device;
        return null;
    }

    /// <summary>Begins an epoch; the one before it ends with its tail.</summary>
    private Device Begin(Device? earlier, in Handling handling)
    {
        if (earlier is not null)
            End(earlier, handling);
        _before ??= [.. _devices];
        var device = new Device(new DeviceStream(settings.Shape, settings.Stages, handling.Chunk), handling.Chunk);
        Tell(device.Stream);
        _devices.Add(device);
        counts.Add(Actors.Count.StreamsBegun);
        return device;
    }

    private void End(Device device, in Handling handling)
    {
        _before = [.. _devices];
        device.Stream.Mark(handling.Mark, null);
        device.Stream.End();
        Pass(device, null, handling);
        _devices.Remove(device);
    }

    /// <summary>Why there is no place for another device, or null; one that ended or is idle makes place.</summary>
    private string? FindCrowd(Device? earlier, in Handling handling)
    {
        if (earlier is not null || _devices.Count < settings.Options.MaxDevicesPerPatient)
            return null;
        var oldest = _devices[0];
        foreach (var device in _devices)
            if (device.LastTime < oldest.LastTime)
                oldest = device;
        if (handling.Chunk.FirstSampleTime.SecondsSince(oldest.LastTime) < settings.Options.IdleAfter.TotalSeconds)
            return $"the patient has {_devices.Count} devices at work; at most {nameof(TopologyOptions.MaxDevicesPerPatient)} = {settings.Options.MaxDevicesPerPatient} are kept";
        End(oldest, handling);
        return null;
    }

    /// <summary>Passes the completed windows to the stages, and what they say to the batch or, where it has to wait, behind the points that wait.</summary>
    private void Pass(Device device, SampleChunk? chunk, in Handling handling)
    {
        var (stream, batch, scratch) = (device.Stream, handling.Batch, handling.Scratch);
        var moves = stream.AnchorMoveCount;
        var (windows, points, beats) = (0, batch.Points.Count, batch.Beats.Count);
        while (stream.TryNext(scratch, out var window))
        {
            if (!window.IsTail)
                windows++;
            // Bed and ward change with the first window that ends after the chunk that says so.
            var bySelf = chunk is not null && window.EndIndex > chunk.FirstSampleIndex;
            var place = new Place(handling.Origin, window, bySelf ? chunk!.Ward : device.Ward, bySelf ? chunk!.Bed : device.Bed);
            foreach (var question in scratch.Questions)
                waiting.Add(device.PointAt(place, default), question);
            foreach (var estimate in scratch.Estimates)
                if (waiting.Count > 0)
                    waiting.Add(device.PointAt(place, estimate), null);
                else
                    batch.Points.Add(device.PointAt(place, estimate));
            foreach (var beat in scratch.Beats)
                batch.Beats.Add(new BeatPoint(device.Patient, stream.Device, stream.Epoch, beat.SampleIndex / stream.RateHz, beat));
            scratch.Clear();
        }
        counts.Add(Actors.Count.Windows, windows);
        counts.Add(Actors.Count.Estimates, batch.Points.Count - points);
        for (var i = points; i < batch.Points.Count; i++)
            counts.Add(Actors.Count.Values, batch.Points[i].Estimate.Status == EstimateStatus.Ok ? 1 : 0);
        counts.Add(Actors.Count.Beats, batch.Beats.Count - beats);
        counts.Add(Actors.Count.AnchorMoves, stream.AnchorMoveCount - moves);
    }

    private void Refuse(in Handling handling, string? reason)
    {
        Count(handling.Chunk, new ChunkVerdict(ChunkFate.Refused, 0, 0, reason));
        AddDeadLetter("chunk", reason, handling);
    }

    private void Count(SampleChunk chunk, ChunkVerdict verdict)
    {
        counts.Add(verdict.Fate switch
        {
            ChunkFate.Taken => Actors.Count.ChunksTaken,
            ChunkFate.Overlapping => Actors.Count.ChunksOverlapping,
            ChunkFate.Duplicate => Actors.Count.ChunksDuplicate,
            ChunkFate.Late => Actors.Count.ChunksLate,
            _ => Actors.Count.ChunksRefused,
        });
        var channels = chunk.Channels.Count;
        var rest = verdict.Fate == ChunkFate.Refused ? Actors.Count.SamplesRefused : Actors.Count.SamplesDropped;
        counts.Add(Actors.Count.SamplesTaken, (long)verdict.TakenCount * channels);
        counts.Add(rest, (long)(chunk.SampleCount - verdict.TakenCount) * channels);
        if (verdict.MissingCount > 0)
        {
            counts.Add(Actors.Count.Gaps);
            counts.Add(Actors.Count.SamplesMissing, verdict.MissingCount * channels);
        }
    }

    /// <summary>What a window's points have in common.</summary>
    private readonly record struct Place(Origin Origin, PassedWindow Window, string Ward, string Bed);

    private sealed class Device(DeviceStream stream, PatientId patient, string ward, string bed, Timestamp lastTime)
    {
        public Device(DeviceStream stream, SampleChunk first)
            : this(stream, first.Patient, first.Ward, first.Bed, first.FirstSampleTime)
        {
        }

        public Device(DeviceStream stream, PatientId patient, PlacedDevice placed)
            : this(stream, patient, placed.Ward, placed.Bed, placed.LastTime)
        {
        }

        public DeviceStream Stream { get; } = stream;

        public PatientId Patient { get; } = patient;

        public string Ward { get; private set; } = ward;

        public string Bed { get; private set; } = bed;

        public Timestamp LastTime { get; private set; } = lastTime;

        public PlacedDevice Capture(StateTransfer state) => new(Stream.Capture(state), Ward, Bed, LastTime);

        public VitalPoint PointAt(in Place place, in Estimate estimate) => new(
            place.Origin, Patient, place.Ward, place.Bed, Stream.Device, Stream.Epoch, place.Window.Id, place.Window.Start, place.Window.End, estimate);

        public void Seen(SampleChunk chunk) => (Ward, Bed, LastTime) = (chunk.Ward, chunk.Bed, chunk.FirstSampleTime);
    }
}
