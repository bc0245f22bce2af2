using Pipeline.Models.State;

namespace Pipeline.Models.Signals;

/// <summary>
/// Turns the chunks of one device epoch into half-open windows (<see cref="WindowShape"/>). Per chunk: <see cref="Begin"/>, then
/// <see cref="TryNext"/> until it is false. The windows are a function of the samples and their indices, not of how they were cut into
/// chunks.
/// <list type="bullet">
/// <item>A window is complete, and goes out at once, when the next expected index reaches its end, or an accepted chunk begins at or after
/// it.</item>
/// <item>A chunk whose samples are all known, or whose place was given up, is dropped; of an overlapping one only the new samples are
/// taken.</item>
/// <item>Samples that a chunk skips are missing (NaN, −32768). A gap as long as a window or longer closes: the windows that hold a sample
/// go out, those that hold none are skipped, and the next one <see cref="Window.IsFirstOfSegment"/>. The work does not grow with the
/// gap.</item>
/// </list>
/// One thread at a time; allocates nothing after construction; memory: one window of samples in wire type.
/// </summary>
public sealed class SlidingWindower
{
    private readonly WindowShape _shape;
    private readonly SampleRing _ring;
    private readonly double _rateHz;
    private readonly int _length;
    private readonly int _leastHop;     // samples from one window's start to the next, or one less

    private SampleChunk? _chunk;    // being taken; null between chunks
    private int _at;                // next sample of _chunk to take
    private bool _closing;          // a gap of a window or more lies before _chunk
    private long _gapStart;         // last gap: [_gapStart, _gapEnd)
    private long _gapEnd;

    private long _next;             // index after the last sample in the ring, missing ones included
    private long _id;               // the window being filled: [_start, _end), _start <= _next < _end
    private long _start;
    private long _end;
    private long _lastEnd;          // end of the last window given out; only when not _segmentBegins
    private bool _segmentBegins = true;     // no window was given out since the stream began or a long gap
    private ulong _leadOff;         // of the samples since _lastEnd

    /// <summary>Starts at sample 0 of an epoch.</summary>
    /// <exception cref="ArgumentException"><see cref="WindowShape.FindFault"/> refuses the rate.</exception>
    public SlidingWindower(WindowShape shape, ChannelLayout channels, SampleFormat format, double rateHz)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(channels);
        if (shape.FindFault(rateHz) is { } fault)
            throw new ArgumentException(fault, nameof(rateHz));
        _shape = shape;
        _rateHz = rateHz;
        _length = shape.LengthAt(rateHz);
        _leastHop = (int)(shape.Hop.TotalSeconds * rateHz);
        _ring = new SampleRing(channels, format, _length);
        Aim(0);
    }

    /// <summary>Length and hop of its windows.</summary>
    public WindowShape Shape => _shape;

    /// <summary>Index after the last sample that was taken or given up as missing.</summary>
    public long NextSampleIndex => _next;

    /// <summary>
    /// Asks the cache for what the next <paramref name="sampleCount"/> samples will be written to, and for the samples before them that a
    /// window completed by them has new; changes nothing.
    /// </summary>
    public void Prefetch(int sampleCount)
    {
        var completes = _next + sampleCount >= _end;
        _ring.Prefetch(completes && !_segmentBegins ? (int)(_next - _lastEnd) : 0, Math.Min(sampleCount, _length));
    }

    /// <summary>
    /// Takes a chunk of this epoch, with this layout, format and rate; <see cref="TryNext"/> then gives the windows that it completes.
    /// A chunk without samples is taken and moves nothing.
    /// </summary>
    public ChunkVerdict Begin(SampleChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        var first = chunk.FirstSampleIndex;
        if (chunk.SampleCount == 0)
        {
            _leadOff |= chunk.LeadOff;
            return new ChunkVerdict(ChunkFate.Taken, 0, 0);
        }
        if (chunk.EndSampleIndex <= _next)
        {
            var late = chunk.EndSampleIndex > _gapStart && first < _gapEnd;
            return new ChunkVerdict(late ? ChunkFate.Late : ChunkFate.Duplicate, 0, 0);
        }
        _chunk = chunk;
        _at = (int)Math.Max(0, _next - first);
        var missing = Math.Max(0, first - _next);
        if (missing > 0)
        {
            (_gapStart, _gapEnd) = (_next, first);
            _closing = missing >= _length;
        }
        return new ChunkVerdict(_at > 0 ? ChunkFate.Overlapping : ChunkFate.Taken, chunk.SampleCount - _at, missing);
    }

    /// <summary>
    /// Gives the next window that the chunk completes; false when there is none left. The window is valid until the next call.
    /// </summary>
    public bool TryNext(out Window window)
    {
        while (_chunk is { } chunk)
        {
            var target = chunk.FirstSampleIndex + _at;
            if (_closing && _start >= _gapStart)
                RestartAt(target);
            else if (_next < target)
                Skip((int)((_closing ? _end : Math.Min(target, _end)) - _next));
            else if (_next < _end && !Take(chunk))      // at its end already: a window without a new sample, after one that was given out
                break;

            if (_next == _end)
            {
                window = Give();
                return true;
            }
        }
        _chunk = null;
        window = default;
        return false;
    }

    /// <summary>
    /// What was taken since the last window, and before it what the window being filled shares with earlier ones: fewer samples than a
    /// window, possibly none. For the end of the stream.
    /// </summary>
    public Window Tail()
    {
        var length = (int)(_next - _start);
        return new Window(_ring, _id, _start, length, _segmentBegins ? length : (int)(_next - _lastEnd), _rateHz, _leadOff, _segmentBegins);
    }

    /// <summary>Whether taking <paramref name="chunk"/> completes a window.</summary>
    internal bool Completes(SampleChunk chunk) => chunk.EndSampleIndex >= _end;

    /// <summary>
    /// Where it stands, before a chunk. A first window that the chunk completes overwrites nothing that is needed to go back, as the ring
    /// then holds just that window; what a longer chunk overwrites is written to <paramref name="state"/>.
    /// </summary>
    internal WindowerMark Mark(SampleChunk? chunk, StateTransfer state)
    {
        var last = chunk?.EndSampleIndex ?? 0;
        var overwrites = last - _end >= _leastHop || (last > _end && chunk!.EndOfStream);
        if (overwrites)
            _ring.Transfer(state, (int)(_next - _start), _next);
        return new WindowerMark(_next, _id, _lastEnd, _gapStart, _gapEnd, _segmentBegins, _leadOff, overwrites);
    }

    /// <summary>Goes back to a mark, with what was written when it was made; the chunk that was being taken is left.</summary>
    internal void ReturnTo(in WindowerMark mark, StateTransfer state)
    {
        (_chunk, _closing) = (null, false);
        if (!mark.Overwrites)
            _ring.TakeBack(mark.Next);
        (_next, _lastEnd, _gapStart, _gapEnd) = (mark.Next, mark.LastEnd, mark.GapStart, mark.GapEnd);
        (_segmentBegins, _leadOff) = (mark.SegmentBegins, mark.LeadOff);
        Aim(mark.Id);
        if (mark.Overwrites)
            _ring.Transfer(state, (int)(_next - _start), _next);
    }

    /// <summary>All that changes, between two chunks: of the samples those that a later window can hold.</summary>
    /// <exception cref="InvalidOperationException">A chunk is being taken.</exception>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (_chunk is not null)
            throw new InvalidOperationException($"A chunk is being taken; {nameof(TryNext)} first until it is false.");
        state.Count(ref _id);
        state.Count(ref _next);
        state.Count(ref _lastEnd);
        state.Count(ref _gapStart);
        state.Count(ref _gapEnd);
        state.Value(ref _segmentBegins);
        state.Value(ref _leadOff);
        if (state.IsReading)
            CheckPlace(state);
        if (state.Fault is null)
            _ring.Transfer(state, (int)(_next - _start), _next);
    }

    /// <summary>Aims at the window that was read, after a look whether its numbers can stand beside each other.</summary>
    private void CheckPlace(StateTransfer state)
    {
        // An id that lies beyond every sample index would overflow in Aim.
        state.Check(_id * _shape.Hop.TotalSeconds * _rateHz < 1L << 54, $"window {_id}");
        if (state.Fault is not null)
            return;
        Aim(_id);
        state.Check(_start <= _next && _next < _end, $"sample {_next} is next where window {_id} holds {_start} to {_end}");
        var shared = _shape.StartAt(_id - 1, _rateHz) + _length;
        state.Check(_segmentBegins || (_id > 0 && _lastEnd == shared), $"the window before window {_id} ended at {_lastEnd}, not {shared}");
    }

    private bool Take(SampleChunk chunk)
    {
        var count = (int)Math.Min(chunk.SampleCount - _at, _end - _next);
        if (count == 0)
            return false;
        _ring.Append(chunk, _at, count);
        _leadOff |= chunk.LeadOff;
        _at += count;
        _next += count;
        return true;
    }

    private void Skip(int count)
    {
        _ring.AppendMissing(count);
        _next += count;
    }

    private Window Give()
    {
        var window = new Window(_ring, _id, _start, _length, _segmentBegins ? _length : (int)(_end - _lastEnd), _rateHz, _leadOff, _segmentBegins);
        _lastEnd = _end;
        _segmentBegins = false;
        _leadOff = 0;
        Aim(_id + 1);
        return window;
    }

    /// <summary>
    /// Forgets what was before a long gap: the first window that can hold sample <paramref name="index"/> begins with missing ones.
    /// </summary>
    private void RestartAt(long index)
    {
        _closing = false;
        _segmentBegins = true;
        _leadOff = 0;
        Aim(_shape.FirstEndingAfter(index, _rateHz));
        _ring.Restart(_start);
        _next = _start;
        Skip((int)(index - _start));
    }

    private void Aim(long id)
    {
        _id = id;
        _start = _shape.StartAt(id, _rateHz);
        _end = _start + _length;
    }
}

/// <summary>Where a windower stood before a chunk: its fields, and whether the ring's samples are kept beside it.</summary>
internal readonly record struct WindowerMark(
    long Next, long Id, long LastEnd, long GapStart, long GapEnd, bool SegmentBegins, ulong LeadOff, bool Overwrites);
