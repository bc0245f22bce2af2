using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Estimators;

namespace Pipeline.Tests.State;

/// <summary>One patient's chunks through its device streams, as the patient's actor does it, with everything that comes out as text.</summary>
internal sealed class PatientRun(StageFactory? stages = null)
{
    public static readonly StageFactory Stages = first => Models.Estimators.Stages.Create(first.Channels, first.RateHz, [StageRun.Network]);

    private readonly StageFactory _stages = stages ?? Stages;
    private readonly StageOutput _output = new();
    private PatientState _state = new();

    private List<DeviceStream> _before = [];

    public PatientState State => _state;

    public List<DeviceStream> Streams { get; private set; } = [];

    /// <summary>Takes a chunk; what comes out, one line each. With a mark it can be undone when a stage throws.</summary>
    public List<string> Take(SampleChunk chunk, StreamMark? mark = null)
    {
        var said = new List<string>();
        mark?.Clear();
        _before = [.. Streams];
        var at = Streams.FindIndex(s => s.Device == chunk.Device);
        if (at < 0 || Streams[at].Epoch < chunk.Epoch)
        {
            if (at >= 0)
            {
                if (mark is not null)
                    Streams[at].Mark(mark, null);
                Streams[at].End();
                Drain(Streams[at], said);
                Streams.RemoveAt(at);
            }
            Streams.Add(new DeviceStream(WindowShape.Default, _stages, chunk));
            at = Streams.Count - 1;
        }
        else if (mark is not null)
        {
            Streams[at].Mark(mark, chunk);
        }
        var stream = Streams[at];
        if (chunk.Epoch < stream.Epoch)
            return said;
        said.Add(stream.Accept(chunk).ToString());
        Drain(stream, said);
        return said;
    }

    /// <summary>A stage threw: back to before the chunk.</summary>
    public void Undo(StreamMark mark)
    {
        _output.Clear();
        Streams = _before;
        mark.Stream?.ReturnTo(mark, _stages, new PatientId("P1"));
    }

    public PatientSnapshot Capture(StateTransfer transfer) => _state.Complete(
        new(
            new PatientId("P1"), new RecordPosition(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), 3, 17),
            [.. Streams.Select(s => new PlacedDevice(s.Capture(transfer), "w1", "b1", new Timestamp(5)))]), transfer);

    /// <summary>A run that goes on from the bytes of a snapshot; what was refused or begins anew in <paramref name="told"/>.</summary>
    public static PatientRun? Restore(ReadOnlySpan<byte> bytes, out string? told, StageFactory? stages = null)
    {
        told = null;
        if (SnapshotCodec.Decode(bytes, out told) is not { } snapshot)
            return null;
        var run = new PatientRun(stages);
        var memories = new List<(string, RateMemory)>();
        foreach (var device in snapshot.Devices)
        {
            var stream = DeviceStream.Restore(WindowShape.Default, run._stages, snapshot.Patient, device.Stream, new StateTransfer(), out told);
            if (stream is null)
                return null;
            run.Streams.Add(stream);
            if (stream.TakeRestoredMemory() is { } memory)
                memories.Add((stream.Device, memory));
        }
        run._state = PatientState.Restore(snapshot, memories, new StateTransfer());
        return run;
    }

    private void Drain(DeviceStream stream, List<string> said)
    {
        while (stream.TryNext(_output, out var passed))
        {
            said.Add(passed.ToString());
            foreach (var estimate in _output.Estimates)
                said.Add(FormattableString.Invariant($"{estimate.Signal} {estimate.Value:R} {estimate.Sigma:R} {estimate.Quality:R} {estimate.Coverage:R} {estimate.Status}"));
            foreach (var question in _output.Questions)
            {
                said.Add(FormattableString.Invariant($"{question.Ask(_state.MemoryOf(stream.Device, question.Model))}"));
                _output.Return(question);
            }
            foreach (var beat in _output.Beats)
                said.Add(FormattableString.Invariant($"{beat.Signal} {beat.Kind} {beat.SampleIndex:R}"));
            foreach (var one in _output.Events)
                said.Add(FormattableString.Invariant($"{one.Signal} {one.Kind} {one.BeginIndex:R} {one.EndIndex:R} {one.IsOver} {one.Priority} {one.Probability:R} {one.Reason}"));
            _output.Clear();
        }
    }
}
