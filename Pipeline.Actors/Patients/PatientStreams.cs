using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Estimators;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// One patient's device streams, and nothing else. In: the patient's records, in offset order. Out, by <see cref="RecordHandling"/>:
/// windows with their estimates or questions, beats and dead letters. Runs in its partition's window stage; keeps no reference to a chunk.
/// </summary>
internal sealed class PatientStreams(PartitionSettings settings, Counts counts)
{
    private readonly List<PatientDevice> _devices = new(2);
    private IReadOnlyList<INetwork> _networks = [];     // those of the last record
    private PatientDevice[]? _before;          // the devices before the record; null while it leaves them as they are

    /// <summary>
    /// Goes on where <paramref name="snapshot"/> was captured. A stream that cannot (other windows are set now, or the snapshot is of a
    /// newer program) begins anew with its next chunk, and is counted.
    /// </summary>
    /// <returns>The networks' recurrent state that older snapshots keep with the streams, by device.</returns>
    public IReadOnlyList<(string Device, RateMemory Memory)> Restore(PatientSnapshot snapshot, StateTransfer state)
    {
        var memories = new List<(string, RateMemory)>();
        foreach (var placed in snapshot.Devices)
            if (DeviceStream.Restore(settings.Shape, settings.Stages, snapshot.Patient, placed.Stream, state, out var told) is { } stream)
            {
                _devices.Add(new PatientDevice(stream, snapshot.Patient, placed));
                if (stream.TakeRestoredMemory() is { } memory)
                    memories.Add((stream.Device, memory));
                counts.Add(told is null ? Actors.Count.StreamsRestored : Actors.Count.StreamsRestoredInPart);
            }
            else
                counts.Add(Actors.Count.StreamsNotRestored);
        return memories;
    }

    /// <summary>The state of all streams, between two records.</summary>
    public IReadOnlyList<PlacedDevice> Capture(StateTransfer state) => [.. _devices.Select(device => device.Capture(state))];

    /// <summary>Handles a record. When it throws, <see cref="Undo"/> is due before anything else.</summary>
    public void Handle(RecordHandling handling)
    {
        var chunk = handling.Chunk;
        handling.Mark.Clear();
        _before = null;
        if (chunk.Command is { } command)
        {
            handling.Add(command);
            return;
        }
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
            if ((DeviceStream.FindFault(settings.Shape, chunk) ?? FindExcess(device, handling) ?? FindCrowd(device, handling)) is { } fault)
            {
                Refuse(handling, fault);
                return;
            }
            device = Begin(device, handling);
        }
        else
            device.Stream.Mark(handling.Mark, chunk);
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
    /// Goes back to before the record that threw. Returns the device on whose state it threw; null when that was a new one, whose stream
    /// the record had begun.
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

    /// <summary>Handles a record without what is known of <paramref name="device"/>, which begins anew; when that throws, too, all is as it
    /// was.</summary>
    public void HandleWithout(string device, RecordHandling handling)
    {
        PatientDevice[] before = [.. _devices];
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

    private void Use(IReadOnlyList<INetwork> networks)
    {
        _networks = networks;
        foreach (var device in _devices)
            Tell(device.Stream);
    }

    private void Tell(DeviceStream stream)
    {
        foreach (var network in _networks)
            stream.Use(network);
    }

    private PatientDevice? Find(string name)
    {
        foreach (var device in _devices)
            if (device.Stream.Device == name)
                return device;
        return null;
    }

    /// <summary>Begins an epoch; the one before it ends with its tail.</summary>
    private PatientDevice Begin(PatientDevice? earlier, RecordHandling handling)
    {
        if (earlier is not null)
            End(earlier, handling);
        _before ??= [.. _devices];
        var device = new PatientDevice(new DeviceStream(settings.Shape, settings.Stages, handling.Chunk), handling.Chunk);
        Tell(device.Stream);
        _devices.Add(device);
        counts.Add(Actors.Count.StreamsBegun);
        return device;
    }

    private void End(PatientDevice device, RecordHandling handling)
    {
        _before = [.. _devices];
        device.Stream.Mark(handling.Mark, null);
        device.Stream.End();
        Pass(device, null, handling);
        _devices.Remove(device);
    }

    /// <summary>Bytes of samples that its streams hold.</summary>
    public long HeldBytes
    {
        get
        {
            var bytes = 0L;
            foreach (var device in _devices)
                bytes += device.Stream.HeldBytes;
            return bytes;
        }
    }

    /// <summary>Why the samples of another device find no room in memory and in a snapshot, or null. <paramref name="earlier"/>: the epoch
    /// that it takes the place of.</summary>
    private string? FindExcess(PatientDevice? earlier, RecordHandling handling)
    {
        var (chunk, options) = (handling.Chunk, settings.Options);
        var own = DeviceStream.RingBytes(settings.Shape, chunk.RateHz, chunk.Channels.Count, chunk.Format);
        var before = earlier?.Stream.HeldBytes ?? 0;
        if (options.FindExcess(chunk.Channels.Count, chunk.RateHz, own, HeldBytes - before) is { } excess)
            return excess;
        var held = handling.HeldBytes();
        return held - before + own <= options.MaxPartitionBytes
            ? null
            : $"the devices of the partition hold {held} bytes of samples; {own} more are over {nameof(TopologyOptions.MaxPartitionBytes)} = {options.MaxPartitionBytes}: raise it, or the number of partitions";
    }

    /// <summary>Why there is no place for another device, or null; one that ended or is idle makes place.</summary>
    private string? FindCrowd(PatientDevice? earlier, RecordHandling handling)
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

    /// <summary>Passes the completed windows to the stages, and what they give to the windows' message and to the output.</summary>
    private void Pass(PatientDevice device, SampleChunk? chunk, RecordHandling handling)
    {
        var (stream, output, scratch) = (device.Stream, handling.Output, handling.Scratch);
        var moves = stream.AnchorMoveCount;
        var (windows, beats) = (0, output.Beats.Count);
        while (stream.TryNext(scratch, out var window))
        {
            if (!window.IsTail)
                windows++;
            // Bed and ward change with the first window that ends after the chunk that names them.
            var bySelf = chunk is not null && window.EndIndex > chunk.FirstSampleIndex;
            var place = new WindowPlace(handling.Origin, window, bySelf ? chunk!.Ward : device.Ward, bySelf ? chunk!.Bed : device.Bed);
            foreach (var question in scratch.Questions)
                handling.Add(device.PointAt(place, default), question);
            foreach (var estimate in scratch.Estimates)
                handling.Add(device.PointAt(place, estimate), null);
            foreach (var one in scratch.Events)
                handling.Add(device.PointOf(place, one), null);
            foreach (var beat in scratch.Beats)
            {
                output.Beats.Add(new BeatPoint(device.Patient, stream.Device, stream.Epoch, beat.SampleIndex / stream.RateHz, beat));
                if (!window.IsTail && SignalHistory.Keeps(beat.Signal))
                    handling.Add(new WindowBeat(window.Id, beat.Signal, (float)Math.Max(0, (window.EndIndex - beat.SampleIndex) / stream.RateHz), beat.Label));
            }
            scratch.Clear();
        }
        counts.Add(Actors.Count.Windows, windows);
        counts.Add(Actors.Count.Beats, output.Beats.Count - beats);
        counts.Add(Actors.Count.AnchorMoves, stream.AnchorMoveCount - moves);
    }

    private void Refuse(RecordHandling handling, string? reason)
    {
        Count(handling.Chunk, new ChunkVerdict(ChunkFate.Refused, 0, 0, reason));
        handling.AddDeadLetter("chunk", reason);
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
}
