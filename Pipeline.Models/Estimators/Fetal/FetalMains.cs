using System.Numerics.Tensors;
using Pipeline.Models.Spectra;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Takes mains hum out of a window: where the power at 50 or 60 Hz stands out, its frequency is measured (it may be 0.4 Hz off) and the
/// sine that fits the lead about each moment (a triangle of ±1 s) is subtracted. Unlike a notch it does not ring after QRS complexes, and
/// it is as narrow as hum is. Owns its scratch: one thread at a time.
/// </summary>
internal sealed class FetalMains
{
    /// <summary>Nominal frequencies, Hz.</summary>
    public const int Frequencies = 2;

    private const int Most = FetalTiming.WindowSamples;
    private const int Segment = 1000, SegmentHop = 500;
    private const float TurnsOn = 5, TurnsOff = 3;          // power over the median of 2 to 6 Hz around
    private const double Inner = 0.6, OuterFrom = 2, OuterTo = 6;
    private const int BlocksPerSecond = 10, BlockSamples = FetalTiming.RateHz / BlocksPerSecond;
    private static readonly double[] Nominal = [50, 60];

    private readonly Stft _stft = new(Segment);
    private readonly float[] _power, _segmentPower, _around = new float[128];
    private readonly float[] _cosine = new float[Most], _sine = new float[Most], _real = new float[Most], _imaginary = new float[Most];
    private readonly double[] _realBlocks = new double[Most / BlockSamples], _imaginaryBlocks = new double[Most / BlockSamples];

    public FetalMains() => (_power, _segmentPower) = (new float[_stft.BinCount], new float[_stft.BinCount]);

    /// <summary>Takes the hum out of <paramref name="signals"/>.</summary>
    /// <param name="signals">The leads in use.</param>
    /// <param name="isOn">For each nominal frequency whether there was any, and then whether there is.</param>
    /// <param name="level">To work with.</param>
    /// <param name="look">Whether it is looked for; else there is what there was.</param>
    public void Remove(SignalRows signals, Span<bool> isOn, LocalLevel level, bool look = true)
    {
        if (look)
            Look(signals, isOn);
        for (var k = 0; k < Frequencies; k++)
            if (isOn[k])
                Subtract(signals, Measured(signals, Nominal[k]), level);
    }

    private void Look(SignalRows signals, Span<bool> isOn)
    {
        Span<float> ratios = stackalloc float[Frequencies];
        for (var c = 0; c < signals.Count; c++)
        {
            Spectrum(signals[c]);
            for (var k = 0; k < Frequencies; k++)
                ratios[k] = Math.Max(ratios[k], RatioAt(Nominal[k]));
        }
        for (var k = 0; k < Frequencies; k++)
            isOn[k] = ratios[k] > (isOn[k] ? TurnsOff : TurnsOn);
    }

    private void Spectrum(ReadOnlySpan<float> signal)
    {
        Array.Clear(_power);
        for (var from = 0; from + Segment <= signal.Length; from += SegmentHop)
        {
            _stft.Power(signal.Slice(from, Segment), _segmentPower);
            TensorPrimitives.Add(_power, _segmentPower, _power);
        }
    }

    private float RatioAt(double hz)
    {
        var (peak, count) = (0f, 0);
        var perBin = FetalTiming.RateHz / (double)_stft.TransformLength;
        for (var bin = (int)Math.Ceiling((hz - OuterTo) / perBin); bin * perBin < hz + OuterTo; bin++)
        {
            var off = Math.Abs(bin * perBin - hz);
            if (off < Inner)
                peak = Math.Max(peak, _power[bin]);
            else if (off > OuterFrom)
                _around[count++] = _power[bin];
        }
        return peak / (Medians.Of(_around.AsSpan(0, count)) + float.Epsilon);
    }

    /// <summary>The frequency near <paramref name="nominal"/>: by how far the phase of one second turns from the phase of the second
    /// before, all leads together.</summary>
    private double Measured(SignalRows signals, double nominal)
    {
        Turn(nominal, signals.Length);
        double real = 0, imaginary = 0;
        var blocks = signals.Length / BlockSamples;
        for (var c = 0; c < signals.Count; c++)
        {
            for (var b = 0; b < blocks; b++)
            {
                var (from, length) = (b * BlockSamples, BlockSamples);
                _realBlocks[b] = TensorPrimitives.Dot(signals[c].Slice(from, length), _cosine.AsSpan(from, length));
                _imaginaryBlocks[b] = -TensorPrimitives.Dot(signals[c].Slice(from, length), _sine.AsSpan(from, length));
            }
            for (var b = 0; b + 2 * BlocksPerSecond <= blocks; b++)
            {
                double r0 = 0, i0 = 0, r1 = 0, i1 = 0;
                for (var k = b; k < b + BlocksPerSecond; k++)
                {
                    (r0, i0) = (r0 + _realBlocks[k], i0 + _imaginaryBlocks[k]);
                    (r1, i1) = (r1 + _realBlocks[k + BlocksPerSecond], i1 + _imaginaryBlocks[k + BlocksPerSecond]);
                }
                real += r1 * r0 + i1 * i0;
                imaginary += i1 * r0 - r1 * i0;
            }
        }
        return nominal + Math.Atan2(imaginary, real) / (2 * Math.PI);
    }

    private void Subtract(SignalRows signals, double hz, LocalLevel level)
    {
        var n = signals.Length;
        Turn(hz, n);
        Span<float> cosine = _cosine.AsSpan(0, n), sine = _sine.AsSpan(0, n), real = _real.AsSpan(0, n), imaginary = _imaginary.AsSpan(0, n);
        for (var c = 0; c < signals.Count; c++)
        {
            TensorPrimitives.Multiply(signals[c], cosine, real);
            TensorPrimitives.Multiply(signals[c], sine, imaginary);
            for (var pass = 0; pass < 2; pass++)
            {
                level.Means(real, FetalTiming.RateHz, real);
                level.Means(imaginary, FetalTiming.RateHz, imaginary);
            }
            TensorPrimitives.Multiply(real, cosine, real);
            TensorPrimitives.MultiplyAdd(imaginary, sine, real, real);
            TensorPrimitives.MultiplyAdd(real, -2f, signals[c], signals[c]);
        }
    }

    private void Turn(double hz, int count)
    {
        var (stepSine, stepCosine) = Math.SinCos(2 * Math.PI * hz / FetalTiming.RateHz);
        double cosine = 1, sine = 0;
        for (var i = 0; i < count; i++)
        {
            (_cosine[i], _sine[i]) = ((float)cosine, (float)sine);
            (cosine, sine) = (cosine * stepCosine - sine * stepSine, sine * stepCosine + cosine * stepSine);
        }
    }
}
