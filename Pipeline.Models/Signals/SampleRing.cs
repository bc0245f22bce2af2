using System.Numerics.Tensors;
using System.Runtime.InteropServices;

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
    private long _first;   // sample index at position 0 of every row
    private long _end;     // index after the last sample stored; _first <= _end <= _first + _capacity

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
        long missing = 0;
        for (var c = 0; c < Channels.Count; c++)
        {
            var offset = c * _capacity + (int)(index - _first);
            if (Format == SampleFormat.Int16)
                missing += _int16.AsSpan(offset, count).Count(SampleChunk.MissingInt16);
            else
                foreach (var value in MemoryMarshal.CreateReadOnlySpan(ref _float32[offset], count))
                    missing += float.IsNaN(value) ? 1 : 0;
        }
        return 1 - missing / ((double)count * Channels.Count);
    }

    /// <summary>Forgets all; the next sample stored is <paramref name="index"/>.</summary>
    public void Restart(long index)
    {
        _first = index;
        _end = index;
    }
}
