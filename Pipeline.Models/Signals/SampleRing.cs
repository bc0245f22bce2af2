using System.Numerics.Tensors;

namespace Pipeline.Models.Signals;

/// <summary>
/// The last samples of a device stream in the type they came in, one row a channel. Each row is stored so that any window within it is one
/// contiguous span: positions run from 0 to twice the window's length and slide back by a copy when the end is reached.
/// </summary>
internal sealed class SampleRing
{
    private readonly short[] _int16;
    private readonly float[] _float32;
    private readonly int _capacity;
    private long _first;            // sample index at position 0 of every row
    private long _end;              // index after the last sample stored; _first <= _end <= _first + _capacity

    public SampleRing(ChannelLayout channels, SampleFormat format, int windowLength)
    {
        Channels = channels;
        Format = format;
        _capacity = 2 * windowLength;
        _int16 = format == SampleFormat.Int16 ? new short[channels.Count * _capacity] : [];
        _float32 = format == SampleFormat.Float32 ? new float[channels.Count * _capacity] : [];
    }

    public ChannelLayout Channels { get; }

    public SampleFormat Format { get; }

    public void CopyPhysical(int channel, long index, Span<float> destination)
    {
        ref readonly var spec = ref Channels[channel];
        var offset = channel * _capacity + (int)(index - _first);
        if (Format == SampleFormat.Int16)
        {
            var scale = 1 / spec.Gain;
            var stored = _int16.AsSpan(offset, destination.Length);
            for (var i = 0; i < stored.Length; i++)
                destination[i] = stored[i] == SampleChunk.MissingInt16 ? float.NaN : (float)((stored[i] - spec.Baseline) * scale);
            return;
        }
        var values = _float32.AsSpan(offset, destination.Length);
        TensorPrimitives.Subtract(values, (float)spec.Baseline, destination);
        TensorPrimitives.Divide(destination, (float)spec.Gain, destination);
    }

    public ReadOnlySpan<short> Int16(int channel, long index, int count) => Format == SampleFormat.Int16
        ? _int16.AsSpan(channel * _capacity + (int)(index - _first), count)
        : throw new InvalidOperationException("The stream is float32.");

    public double Coverage(long index, int count)
    {
        if (count == 0)
            return 0;
        long missing = 0;
        for (var c = 0; c < Channels.Count; c++)
        {
            var offset = c * _capacity + (int)(index - _first);
            if (Format == SampleFormat.Int16)
                missing += _int16.AsSpan(offset, count).Count(SampleChunk.MissingInt16);
            else
                foreach (var value in _float32.AsSpan(offset, count))
                    missing += float.IsNaN(value) ? 1 : 0;
        }
        return 1 - missing / ((double)count * Channels.Count);
    }

    /// <summary>
    /// Appends the samples [from, from + count) of every channel of <paramref name="chunk"/>. Samples before index <paramref name="keepFrom"/>
    /// may be forgotten; those from there on and the new ones must fit into one window.
    /// </summary>
    public void Append(SampleChunk chunk, int from, int count, long keepFrom)
    {
        var position = Reserve(count, keepFrom);
        if (Format == SampleFormat.Int16)
            for (var c = 0; c < Channels.Count; c++, position += _capacity)
                chunk.Int16(c).Slice(from, count).CopyTo(_int16.AsSpan(position, count));
        else
            for (var c = 0; c < Channels.Count; c++, position += _capacity)
                chunk.Float32(c).Slice(from, count).CopyTo(_float32.AsSpan(position, count));
    }

    /// <summary>Appends <paramref name="count"/> missing samples to every channel; else as <see cref="Append"/>.</summary>
    public void AppendMissing(int count, long keepFrom)
    {
        var position = Reserve(count, keepFrom);
        for (var c = 0; c < Channels.Count; c++, position += _capacity)
            if (Format == SampleFormat.Int16)
                _int16.AsSpan(position, count).Fill(SampleChunk.MissingInt16);
            else
                _float32.AsSpan(position, count).Fill(float.NaN);
    }

    /// <summary>Forgets all; the next sample stored is <paramref name="index"/>.</summary>
    public void Restart(long index)
    {
        _first = index;
        _end = index;
    }

    /// <summary>Makes room for <paramref name="count"/> samples and returns the position of the first in row 0.</summary>
    private int Reserve(int count, long keepFrom)
    {
        if (_end + count - _first > _capacity)
            SlideTo(keepFrom);
        var position = (int)(_end - _first);
        _end += count;
        return position;
    }

    private void SlideTo(long index)
    {
        var kept = (int)(_end - index);
        for (var row = 0; row < Channels.Count * _capacity; row += _capacity)
            if (Format == SampleFormat.Int16)
                _int16.AsSpan(row + (int)(index - _first), kept).CopyTo(_int16.AsSpan(row, kept));
            else
                _float32.AsSpan(row + (int)(index - _first), kept).CopyTo(_float32.AsSpan(row, kept));
        _first = index;
    }
}
