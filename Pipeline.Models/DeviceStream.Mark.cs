using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models;

/// <content>Going back to before a chunk.</content>
public sealed partial class DeviceStream
{
    /// <summary>
    /// Notes in <paramref name="mark"/> where the stream stands, so that it can <see cref="ReturnTo"/> there when a stage throws: before
    /// <see cref="Accept"/> of <paramref name="chunk"/>, or before <see cref="End"/> (null). A chunk that completes no window reaches no
    /// stage, and is not marked. Costs a copy of the stages' state; of samples only what a chunk overwrites that completes several windows.
    /// </summary>
    public void Mark(StreamMark mark, SampleChunk? chunk)
    {
        ArgumentNullException.ThrowIfNull(mark);
        if (chunk is { EndOfStream: false } && !_windower.Completes(chunk))
            return;
        var state = mark.State;
        state.BeginWriting(StateVersion, isMark: true);
        mark.Windower = _windower.Mark(chunk, state);
        mark.Time = new TimeMark(_anchor, _nextAnchor, _nextAnchorFrom, AnchorMoveCount, _ended);
        foreach (var stage in _stages)
        {
            state.BeginPart(stage.StateVersion);
            stage.Transfer(state);
        }
        mark.Stream = this;
    }

    /// <summary>
    /// Goes back to where <paramref name="mark"/> was made, with new stages. The networks are to be named again by
    /// <c>Use</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The mark is another stream's, or a stage reads other fields than it writes.</exception>
    public void ReturnTo(StreamMark mark, StageFactory stages, PatientId patient)
    {
        ArgumentNullException.ThrowIfNull(mark);
        ArgumentNullException.ThrowIfNull(stages);
        if (mark.Stream != this)
            throw new InvalidOperationException("The mark is another stream's.");
        var state = mark.State;
        state.BeginReadingBack(StateVersion);
        _windower.ReturnTo(mark.Windower, state);
        (_anchor, _nextAnchor, _nextAnchorFrom, AnchorMoveCount, _ended) = mark.Time;
        _ending = false;
        _stages = stages(SampleChunk.Empty(patient, Device, Epoch, RateHz, Channels, _format));
        for (var i = 0; i < _stages.Length; i++)
        {
            state.BeginPart(_stages[i].StateVersion);
            _stages[i].Transfer(state);
        }
        if (state.EndReading() is { } fault)
            throw new InvalidOperationException($"Stages of device '{Device}' do not read what they have written: {fault}");
        mark.Clear();
    }
}

/// <summary>Where a stream stood before a chunk; see <see cref="DeviceStream.Mark"/>. Made once and used again and again; one thread at a
/// time.</summary>
public sealed class StreamMark
{
    /// <summary>The stream that was marked last; null when none was since <see cref="Clear"/>.</summary>
    public DeviceStream? Stream { get; internal set; }

    internal StateTransfer State { get; } = new();

    internal WindowerMark Windower { get; set; }

    internal TimeMark Time { get; set; }

    /// <summary>Forgets what was marked.</summary>
    public void Clear() => Stream = null;
}

/// <summary>What a stream knows of event time.</summary>
internal readonly record struct TimeMark(Timestamp Anchor, Timestamp NextAnchor, long NextAnchorFrom, int MoveCount, bool Ended);
