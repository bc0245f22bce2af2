using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Pipeline.Models.Filters;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// What is left of the leads when the mother is taken out, 8 to 60 Hz (Butterworth, forward and backward, so without delay), each lead
/// divided by its local level; and the covariance of its lags. Owns its signals and scratch: one thread at a time.
/// </summary>
internal sealed class FetalResidual
{
    private const int Most = FetalTiming.MostLeads;
    private const int Pad = 60;
    private const int LevelSamples = 3 * FetalTiming.RateHz;
    private const float ShareOfMean = 0.2f;         // of the mean level, added to the local one: silence is not blown up

    private static readonly Biquad HighPass = Biquad.HighPass(8, FetalTiming.RateHz), LowPass = Biquad.LowPass(60, FetalTiming.RateHz);

    private readonly float[] _signals = SignalRows.Array(Most);
    private readonly Vector128<float>[] _lanes = new Vector128<float>[FetalTiming.WindowSamples + 2 * Pad];
    private readonly float[] _level = new float[FetalTiming.WindowSamples];
    private int _leads, _length;
    private bool _isFinished;

    /// <summary>The signals as they are.</summary>
    public SignalRows Rows => new(_signals, _leads, _length);

    /// <summary>The covariance of their lags, of those that are finished.</summary>
    public LagCovariance Covariance { get; } = new();

    /// <summary>Places for the leads without the mother.</summary>
    public SignalRows Begin(int leads, int length)
    {
        (_leads, _length, _isFinished) = (leads, length, false);
        return Rows;
    }

    /// <summary>The signals, filtered and levelled at the first call: a residual that nobody asks for costs nothing.</summary>
    public SignalRows Finished(LocalLevel level)
    {
        var signals = Rows;
        if (_isFinished)
            return signals;
        _isFinished = true;
        Interleave(signals);
        var lanes = _lanes.AsSpan(0, _length + 2 * Pad);
        Filter(lanes);
        lanes.Reverse();
        Filter(lanes);
        lanes.Reverse();
        var numbers = MemoryMarshal.Cast<Vector128<float>, float>(lanes[Pad..]);
        for (var c = 0; c < _leads; c++)
        {
            var signal = signals[c];
            for (var i = 0; i < signal.Length; i++)
                signal[i] = numbers[i * Most + c];
            var local = _level.AsSpan(0, _length);
            level.RootMeanSquares(signal, LevelSamples, local);
            TensorPrimitives.Add(local, ShareOfMean * TensorPrimitives.Sum<float>(local) / _length + 1e-12f, local);
            TensorPrimitives.Divide(signal, local, signal);
        }
        Covariance.Take(signals);
        return signals;
    }

    // The ends are mirrored at the first and the last sample, with the sign turned.
    private void Interleave(SignalRows signals)
    {
        var numbers = MemoryMarshal.Cast<Vector128<float>, float>(_lanes.AsSpan(Pad));
        var before = MemoryMarshal.Cast<Vector128<float>, float>(_lanes.AsSpan(0, Pad));
        if (_leads < Most)
            Array.Clear(_lanes);
        for (var c = 0; c < _leads; c++)
        {
            var signal = signals[c];
            for (var i = 0; i < signal.Length; i++)
                numbers[i * Most + c] = signal[i];
            for (var i = 1; i <= Pad; i++)
            {
                before[(Pad - i) * Most + c] = 2 * signal[0] - signal[i];
                numbers[(_length + i - 1) * Most + c] = 2 * signal[^1] - signal[^(i + 1)];
            }
        }
    }

    // Direct form II transposed, both sections at once so that they do not wait for each other; begun as if the first sample had always been there: the high-pass gives 0.
    private static void Filter(Span<Vector128<float>> lanes)
    {
        var (h0, h1, h2, g1, g2) = ((float)HighPass.B0, (float)HighPass.B1, (float)HighPass.B2, (float)HighPass.A1, (float)HighPass.A2);
        var (b0, b1, b2, a1, a2) = ((float)LowPass.B0, (float)LowPass.B1, (float)LowPass.B2, (float)LowPass.A1, (float)LowPass.A2);
        var (highSecond, lowFirst, lowSecond) = (h2 * lanes[0], Vector128<float>.Zero, Vector128<float>.Zero);
        var highFirst = h1 * lanes[0] + highSecond;
        foreach (ref var lane in lanes)
        {
            var high = h0 * lane + highFirst;
            highFirst = h1 * lane - g1 * high + highSecond;
            highSecond = h2 * lane - g2 * high;
            lane = b0 * high + lowFirst;
            lowFirst = b1 * high - a1 * lane + lowSecond;
            lowSecond = b2 * high - a2 * lane;
        }
    }
}
