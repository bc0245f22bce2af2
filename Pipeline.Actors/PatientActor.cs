using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;

namespace Pipeline.Actors;

/// <summary>What the actors of one topology share; immutable.</summary>
internal sealed record ActorSettings(TopologyOptions Options, WindowShape Shape, RestartPolicy RestartPolicy, StageFactory Stages);

/// <summary>
/// One patient: its device streams, and nothing else. In: the patient's records, in offset order. Out: points, beats and dead letters in the
/// shard's batch. Runs on its shard's loop; keeps no reference to a chunk.
/// </summary>
internal sealed class PatientActor(ActorSettings settings, Counts counts)
{
    private readonly List<Device> _devices = new(2);

    /// <summary>Handles a record that holds a chunk. <paramref name="scratch"/> is empty, and is left empty.</summary>
    public void Handle(in ShardRecord record, in Origin origin, SampleChunk chunk, OutputBatch batch, StageOutput scratch)
    {
        var device = Find(chunk.Device);
        if (device is not null && chunk.Epoch < device.Stream.Epoch)
        {
            Count(chunk, new ChunkVerdict(ChunkFate.Late, 0, 0));
            return;
        }
        if (device is null || chunk.Epoch > device.Stream.Epoch)
        {
            if ((DeviceStream.FindFault(settings.Shape, chunk) ?? FindCrowd(device, chunk, origin, batch, scratch)) is { } fault)
            {
                Refuse(record, origin, chunk, fault, batch);
                return;
            }
            device = Begin(device, chunk, origin, batch, scratch);
        }

        var verdict = device.Stream.Accept(chunk);
        if (verdict.Fate == ChunkFate.Refused)
        {
            Refuse(record, origin, chunk, verdict.Reason, batch);
            return;
        }
        Pass(device, chunk, origin, batch, scratch);
        if (verdict.TakenCount > 0)
            device.Seen(chunk);
        Count(chunk, verdict);   // last: a chunk on which a stage throws is counted when it is tried again, or given up
    }

    /// <summary>See <see cref="DeviceStream.Prefetch"/>.</summary>
    public void Prefetch(SampleChunk chunk) => Find(chunk.Device)?.Stream.Prefetch(chunk);

    /// <summary>A dead letter about <paramref name="chunk"/>, with the record's own bytes.</summary>
    public static void AddDeadLetter(string stage, string? reason, in ShardRecord record, in Origin origin, SampleChunk chunk, OutputBatch batch) =>
        batch.DeadLetters.Add(new DeadLetter(
            stage, reason ?? "", origin, System.Text.Encoding.UTF8.GetBytes(chunk.Patient.Value ?? ""), record.Payload));

    private Device? Find(string name)
    {
        foreach (var device in _devices)
            if (device.Stream.Device == name)
                return device;
        return null;
    }

    /// <summary>Begins an epoch; the one before it ends with its tail.</summary>
    private Device Begin(Device? earlier, SampleChunk chunk, in Origin origin, OutputBatch batch, StageOutput scratch)
    {
        if (earlier is not null)
            End(earlier, origin, batch, scratch);
        var device = new Device(new DeviceStream(settings.Shape, settings.Stages, chunk), chunk);
        _devices.Add(device);
        counts.Add(Actors.Count.StreamsBegun);
        return device;
    }

    private void End(Device device, in Origin origin, OutputBatch batch, StageOutput scratch)
    {
        device.Stream.End();
        Pass(device, null, origin, batch, scratch);
        _devices.Remove(device);
    }

    /// <summary>Why there is no place for another device, or null; one that ended or is idle makes place.</summary>
    private string? FindCrowd(Device? earlier, SampleChunk chunk, in Origin origin, OutputBatch batch, StageOutput scratch)
    {
        if (earlier is not null || _devices.Count < settings.Options.MaxDevicesPerPatient)
            return null;
        var oldest = _devices[0];
        foreach (var device in _devices)
            if (device.LastTime < oldest.LastTime)
                oldest = device;
        if (chunk.FirstSampleTime.SecondsSince(oldest.LastTime) < settings.Options.IdleAfter.TotalSeconds)
            return $"the patient has {_devices.Count} devices at work; at most {nameof(TopologyOptions.MaxDevicesPerPatient)} = {settings.Options.MaxDevicesPerPatient} are kept";
        End(oldest, origin, batch, scratch);
        return null;
    }

    /// <summary>Passes the completed windows to the stages, and what they say to the batch.</summary>
    private void Pass(Device device, SampleChunk? chunk, in Origin origin, OutputBatch batch, StageOutput scratch)
    {
        var stream = device.Stream;
        var moves = stream.AnchorMoveCount;
        var (windows, points, beats) = (0, batch.Points.Count, batch.Beats.Count);
        while (stream.TryNext(scratch, out var window))
        {
            if (!window.IsTail)
                windows++;
            // Bed and ward change with the first window that ends after the chunk that says so.
            var bySelf = chunk is not null && window.EndIndex > chunk.FirstSampleIndex;
            var (ward, bed) = bySelf ? (chunk!.Ward, chunk.Bed) : (device.Ward, device.Bed);
            foreach (var estimate in scratch.Estimates)
                batch.Points.Add(new VitalPoint(
                    origin, device.Patient, ward, bed, stream.Device, stream.Epoch, window.Id, window.Start, window.End, estimate));
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

    private void Refuse(in ShardRecord record, in Origin origin, SampleChunk chunk, string? reason, OutputBatch batch)
    {
        Count(chunk, new ChunkVerdict(ChunkFate.Refused, 0, 0, reason));
        AddDeadLetter("chunk", reason, record, origin, chunk, batch);
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

    private sealed class Device(DeviceStream stream, SampleChunk first)
    {
        public DeviceStream Stream { get; } = stream;

        public PatientId Patient { get; } = first.Patient;

        public string Ward { get; private set; } = first.Ward;

        public string Bed { get; private set; } = first.Bed;

        public Timestamp LastTime { get; private set; } = first.FirstSampleTime;

        public void Seen(SampleChunk chunk) => (Ward, Bed, LastTime) = (chunk.Ward, chunk.Bed, chunk.FirstSampleTime);
    }
}
