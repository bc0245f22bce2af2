using System.Runtime.Intrinsics.X86;
using Pipeline.Models.State;

namespace Pipeline.Models.Signals;

/// <summary>
/// The last samples of a device stream in the type they came in: one window of them, one row a channel, written round and round. Small on
/// purpose: a thousand patients' rings do not fit into a cache, and what a chunk costs is mostly the memory that it touches.
/// </summary>
internal sealed class SampleRing
{
    // A window that begins in the middle of the ring is put together here when it is wanted in one piece: one buffer a thread, not a
    // patient.
    [ThreadStatic]
    private static short[]? _joined;

    private readonly short[] _int16;
    private readonly float[] _float32;
    private readonly int _capacity;
    private int _position;              // of sample _end in its row: that of sample i is _position - (_end - i), modulo _capacity
    private long _end;                  // index after the last sample stored

    public SampleRing(ChannelLayout channels, SampleFormat format, int windowLength)
    {
        Channels = channels;
        Format = format;
        _capacity = windowLength;
        _int16 = format == SampleFormat.Int16 ? new short[channels.Count * _capacity] : [];
        _float32 = format == SampleFormat.Float32 ? new float[channels.Count * _capacity] : [];
    }

    public ChannelLayout Channels { get; }

    public SampleFormat Format { get; }

    public void CopyPhysical(int channel, long index, Span<float> destination)
    {
        ref readonly var spec = ref Channels[channel];
        var (at, first) = Locate(channel, index, destination.Length);
        var rest = destination.Length - first;
        if (Format == SampleFormat.Int16)
        {
            StoredSamples.ToPhysical(_int16.AsSpan(at, first), spec, destination);
            StoredSamples.ToPhysical(_int16.AsSpan(channel * _capacity, rest), spec, destination[first..]);
        }
        else
        {
            StoredSamples.ToPhysical(_float32.AsSpan(at, first), spec, destination);
            StoredSamples.ToPhysical(_float32.AsSpan(channel * _capacity, rest), spec, destination[first..]);
        }
    }

    /// <summary>
    /// The stored samples [start + from, start + from + count); valid until a sample is appended to any ring of this thread.
    /// </summary>
    public ReadOnlySpan<short> Int16(int channel, long start, int from, int count)
    {
        if (Format != SampleFormat.Int16)
            throw new InvalidOperationException("The stream is float32.");
        var (at, first) = Locate(channel, start + from, count);
        if (first == count)
            return _int16.AsSpan(at, count);
        if (_joined is null || _joined.Length < _int16.Length)
            _joined = new short[_int16.Length];
        // Where a window of its own would hold it, so that two parts of one window do not overwrite each other.
        var joined = _joined.AsSpan(channel * _capacity + from, count);
        _int16.AsSpan(at, first).CopyTo(joined);
        _int16.AsSpan(channel * _capacity, count - first).CopyTo(joined[first..]);
        return joined;
    }

    public double Coverage(long index, int count)
    {
        if (count == 0)
            return 0;
        long missing = 0;
        for (var c = 0; c < Channels.Count; c++)
        {
            var (at, first) = Locate(c, index, count);
            missing += CountMissing(at, first) + CountMissing(c * _capacity, count - first);
        }
        return 1 - missing / ((double)count * Channels.Count);
    }

    /// <summary>Appends the samples [from, from + count) of every channel of <paramref name="chunk"/>, at most a window of them.</summary>
    public void Append(SampleChunk chunk, int from, int count)
    {
        var first = Math.Min(count, _capacity - _position);
        for (var (c, row) = (0, 0); c < Channels.Count; c++, row += _capacity)
            if (Format == SampleFormat.Int16)
            {
                var samples = chunk.Int16(c);
                samples.Slice(from, first).CopyTo(_int16.AsSpan(row + _position, first));
                if (first < count)
                    samples.Slice(from + first, count - first).CopyTo(_int16.AsSpan(row, count - first));
            }
            else
            {
                var samples = chunk.Float32(c);
                samples.Slice(from, first).CopyTo(_float32.AsSpan(row + _position, first));
                samples.Slice(from + first, count - first).CopyTo(_float32.AsSpan(row, count - first));
            }
        Advance(count);
    }

    /// <summary>Appends <paramref name="count"/> missing samples to every channel, at most a window of them.</summary>
    public void AppendMissing(int count)
    {
        var first = Math.Min(count, _capacity - _position);
        for (var (c, row) = (0, 0); c < Channels.Count; c++, row += _capacity)
            if (Format == SampleFormat.Int16)
            {
                _int16.AsSpan(row + _position, first).Fill(SampleChunk.MissingInt16);
                _int16.AsSpan(row, count - first).Fill(SampleChunk.MissingInt16);
            }
            else
            {
                _float32.AsSpan(row + _position, first).Fill(float.NaN);
                _float32.AsSpan(row, count - first).Fill(float.NaN);
            }
        Advance(count);
    }

    /// <summary>Forgets all; the next sample stored is <paramref name="index"/>.</summary>
    public void Restart(long index)
    {
        _position = 0;
        _end = index;
    }

    /// <summary>
    /// Takes back what was appended from sample <paramref name="end"/> on, at most a ring of it; what it has overwritten stays lost.
    /// </summary>
    public void TakeBack(long end)
    {
        _position -= (int)(_end - end);
        if (_position < 0)
            _position += _capacity;
        _end = end;
    }

    /// <summary>
    /// The last <paramref name="count"/> samples of every channel, in order, wherever in the ring they lie. When reading,
    /// the last of them is the one before <paramref name="end"/>.
    /// </summary>
    public void Transfer(StateTransfer state, int count, long end)
    {
        if (state.IsReading)
            (_position, _end) = (count == _capacity ? 0 : count, end);
        for (var c = 0; c < Channels.Count; c++)
        {
            var (at, first) = Locate(c, _end - count, count);
            if (Format == SampleFormat.Int16)
            {
                state.Part(_int16.AsSpan(at, first));
                if (first < count)
                    state.Part(_int16.AsSpan(c * _capacity, count - first));
            }
            else
            {
                state.Part(_float32.AsSpan(at, first));
                if (first < count)
                    state.Part(_float32.AsSpan(c * _capacity, count - first));
            }
        }
    }

    /// <summary>
    /// Asks the cache for the last <paramref name="before"/> samples and the places of the next <paramref name="after"/>; changes nothing.
    /// </summary>
    public unsafe void Prefetch(int before, int after)
    {
        if (!Sse.IsSupported || Format != SampleFormat.Int16)
            return;
        const int Line = 64 / sizeof(short);
        var first = Math.Max(0, _position - before);
        var end = Math.Min(_capacity, _position + after);
        fixed (short* samples = _int16)
            for (var (c, row) = (0, 0); c < Channels.Count; c++, row += _capacity)
                for (var i = first; i < end + Line - 1; i += Line)
                    Sse.Prefetch0(samples + row + i);   // a line too many does no harm
    }

    /// <summary>Asks the cache for <paramref name="samples"/>; changes nothing.</summary>
    public static unsafe void Prefetch(ReadOnlySpan<byte> samples)
    {
        if (!Sse.IsSupported)
            return;
        fixed (byte* first = samples)
            for (var i = 0; i < samples.Length; i += 64)
                Sse.Prefetch0(first + i);
    }

    private void Advance(int count)
    {
        _position += count;
        if (_position >= _capacity)
            _position -= _capacity;
        _end += count;
    }

    /// <summary>Where the samples [index, index + count) of a channel begin, and how many of them lie before the row's end.</summary>
    private (int At, int First) Locate(int channel, long index, int count)
    {
        var position = _position - (int)(_end - index);
        if (position < 0)
            position += _capacity;
        return (channel * _capacity + position, Math.Min(count, _capacity - position));
    }

    private int CountMissing(int at, int count)
    {
        if (Format == SampleFormat.Int16)
            return _int16.AsSpan(at, count).Count(SampleChunk.MissingInt16);
        var missing = 0;
        foreach (var value in _float32.AsSpan(at, count))
            missing += float.IsNaN(value) ? 1 : 0;
        return missing;
    }
}
