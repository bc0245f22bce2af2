using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using Pipeline.Models.Filters;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// What is left of the leads when the mother is taken out, 8 to 60 Hz (Butterworth, forward and backward, so without delay), each lead divided by its local level; and the covariance of its
/// lags. Owns its signals and scratch: one thread at a time.
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

    private SignalRows Signals => new(_signals, _leads, _length);

    /// <summary>The covariance of their lags, of those that are finished.</summary>
    public LagCovariance Covariance { get; } = new();

    /// <summary>Places for the leads without the mother.</summary>
    public SignalRows Begin(int leads, int length)
    {
        (_leads, _length, _isFinished) = (leads, length, false);
        return Signals;
    }

    /// <summary>The signals, filtered and levelled at the first call: a residual that nobody asks for costs nothing.</summary>
    public SignalRows Finished(LocalLevel level)
    {
        var signals = Signals;
        if (_isFinished)
            return signals;
        _isFinished = true;
        Interleave(signals);
        var lanes = _lanes.AsSpan(0, _length + 2 * Pad);
        Filter(lanes);
        lanes.Reverse();
        Filter(lanes);
        lanes.Reverse();
        for (var c = 0; c < _leads; c++)
        {
            var signal = signals[c];
            for (var i = 0; i < _length; i++)
                signal[i] = lanes[Pad + i][c];
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
        Span<float> sample = stackalloc float[Most];
        for (var i = -Pad; i < _length + Pad; i++)
        {
            for (var c = 0; c < _leads; c++)
            {
                var signal = signals[c];
                sample[c] = i < 0 ? 2 * signal[0] - signal[-i] : i >= _length ? 2 * signal[_length - 1] - signal[2 * _length - 2 - i] : signal[i];
            }
            _lanes[Pad + i] = Vector128.Create<float>(sample);
        }
    }

    private static void Filter(Span<Vector128<float>> lanes)
    {
        Section(lanes, HighPass, isHighPass: true);
        Section(lanes, LowPass, isHighPass: false);
    }

    // Direct form II transposed, begun as if the first sample had always been there.
    private static void Section(Span<Vector128<float>> lanes, in Biquad section, bool isHighPass)
    {
        var (b0, b1, b2, a1, a2) = ((float)section.B0, (float)section.B1, (float)section.B2, (float)section.A1, (float)section.A2);
        var input = lanes[0];
        var output = isHighPass ? default : input;
        var second = b2 * input - a2 * output;
        var first = b1 * input - a1 * output + second;
        foreach (ref var lane in lanes)
        {
            input = lane;
            output = b0 * input + first;
            first = b1 * input - a1 * output + second;
            second = b2 * input - a2 * output;
            lane = output;
        }
    }
}
