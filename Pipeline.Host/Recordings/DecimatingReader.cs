using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// A fast reader (audio of 44.1 or 48 kHz) at a whole part of its rate, 4 to 8 kHz: all that a heart sound has lies below 1 kHz. The anti-alias filter is a windowed sinc
/// of linear phase (J. F. Kaiser 1974, 80 dB): flat to 0.4 of the new rate, nothing above 0.6 of it; its delay is taken off. Before the first and after the
/// last sample the signal is as at its end; a missing sample makes those missing that the filter reaches.
/// </summary>
internal sealed class DecimatingReader : IFrameReader
{
    private const double LeastHz = 4000;
    private const double StopDecibels = 80, TransitionOfRate = 0.2;

    private readonly IFrameReader _inner;
    private readonly int _factor, _half;
    private readonly float[] _taps;         // [2 half + 1], sum 1
    private readonly SignalBuffer[] _read;
    private readonly List<float>[] _held;   // inputs from _from on
    private long _from, _count, _next;      // of inputs; of the input at the next output's middle
    private bool _isAtEnd;

    private DecimatingReader(IFrameReader inner, int factor)
    {
        (_inner, _factor) = (inner, factor);
        _taps = Taps(factor);
        _half = _taps.Length / 2;
        _from = -_half;
        Signals = [.. inner.Signals.Select(signal => signal with { Gain = 1, Baseline = 0 })];
        _read = [.. Signals.Select(_ => new SignalBuffer(inner.Format))];
        _held = [.. Signals.Select(_ => new List<float>())];
        Notes = [.. inner.Notes, FormattableString.Invariant($"{inner.FramesPerSecond:0.##} Hz, decimated to {FramesPerSecond:0.##} Hz")];
    }

    public SampleFormat Format => SampleFormat.Float32;

    public IReadOnlyList<RecordedSignal> Signals { get; }

    public double FramesPerSecond => _inner.FramesPerSecond / _factor;

    public double Seconds => _inner.Seconds;

    public IReadOnlyList<string> Notes { get; }

    /// <summary>The <paramref name="reader"/> itself where it is slow enough.</summary>
    public static IFrameReader Of(IFrameReader reader) => reader.FramesPerSecond >= 2 * LeastHz
        ? new DecimatingReader(reader, (int)(reader.FramesPerSecond / LeastHz))
        : reader;

    public bool ReadInto(ReadOnlySpan<SignalBuffer> buffers)
    {
        if (_isAtEnd)
            return false;
        _isAtEnd = !_inner.ReadInto(_read);
        Take();
        var end = _isAtEnd ? _count : _count - _half;      // middles of the outputs that can be made
        var outputs = end > _next ? (int)((end - _next + _factor - 1) / _factor) : 0;
        for (var c = 0; c < _held.Length; c++)
            Filter(_held[c], buffers[c].AppendFloat32(outputs));
        _next += (long)outputs * _factor;
        var done = (int)Math.Max(0, Math.Min(_next - _half - _from, _held[0].Count));
        foreach (var held in _held)
            held.RemoveRange(0, done);
        _from += done;
        return true;
    }

    public void Dispose() => _inner.Dispose();

    private void Take()
    {
        var count = _read[0].Count;
        for (var c = 0; c < _held.Length; c++)
        {
            var signal = _inner.Signals[c];
            for (var i = 0; i < count; i++)
            {
                var value = (float)((_read[c][i] - signal.Baseline) / signal.Gain);
                if (_count == 0 && i == 0)
                    _held[c].AddRange(Enumerable.Repeat(value, _half));
                _held[c].Add(value);
            }
            _read[c].Drop(count);
            if (_isAtEnd && _held[c].Count > 0)
                _held[c].AddRange(Enumerable.Repeat(_held[c][^1], _half));
        }
        _count += count;
    }

    private void Filter(List<float> held, Span<float> outputs)
    {
        var inputs = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(held);
        for (var o = 0; o < outputs.Length; o++)
            outputs[o] = System.Numerics.Tensors.TensorPrimitives.Dot(
                inputs.Slice((int)(_next + (long)o * _factor - _half - _from), _taps.Length), _taps);
    }

    private static float[] Taps(int factor)
    {
        var width = 2 * Math.PI * TransitionOfRate / factor;
        var half = (int)Math.Ceiling((StopDecibels - 8) / (2.285 * width) / 2);
        var beta = 0.1102 * (StopDecibels - 8.7);
        var taps = new double[2 * half + 1];
        for (var i = 0; i < taps.Length; i++)
        {
            var n = i - half;
            var sinc = n == 0 ? 1.0 / factor : Math.Sin(Math.PI * n / factor) / (Math.PI * n);
            taps[i] = sinc * Bessel(beta * Math.Sqrt(1 - (double)n * n / ((double)half * half)));
        }
        var sum = taps.Sum();
        return [.. taps.Select(tap => (float)(tap / sum))];
    }

    /// <summary>Modified Bessel function of the first kind and order 0, by its series.</summary>
    private static double Bessel(double x)
    {
        double sum = 1, term = 1;
        for (var k = 1; term > 1e-12 * sum; k++)
            sum += term *= x * x / (4.0 * k * k);
        return sum;
    }
}
