using System.Numerics.Tensors;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Evaluation;

/// <summary>
/// Power of a signal over heart rates, window by window, to look at: Hann taper, mean taken out, a plain Fourier sum at each rate. For an ECG
/// the slope's magnitude stands for the signal, because its own power lies in the QRS's shape, not in the rate.
/// </summary>
internal sealed class RateSpectrum
{
    /// <summary>Rates that are shown: the first, the step, and how many, per minute.</summary>
    public const double FirstPerMinute = 30, StepPerMinute = 2;

    /// <summary>Rates of a spectrum.</summary>
    public const int RateCount = 101;

    private const double WindowSeconds = 8;
    private readonly float[][] _signals;
    private readonly double _rateHz;
    private readonly float[] _cosines, _sines;   // [rates x window], tapered
    private readonly float[] _window;

    /// <summary>Plans spectra of the channels of a recording.</summary>
    public RateSpectrum(float[][] channels, double rateHz, SignalKind kind)
    {
        (_rateHz, _signals) = (rateHz, kind == SignalKind.Ecg ? [.. channels.Select(Slope)] : channels);
        Length = (int)Math.Round(WindowSeconds * rateHz);
        _window = new float[Length];
        (_cosines, _sines) = (new float[RateCount * Length], new float[RateCount * Length]);
        for (var k = 0; k < RateCount; k++)
            for (var i = 0; i < Length; i++)
            {
                var taper = 0.5 - 0.5 * Math.Cos(Math.Tau * (i + 0.5) / Length);
                var (sine, cosine) = Math.SinCos(Math.Tau * (FirstPerMinute + k * StepPerMinute) / 60 * i / rateHz);
                (_cosines[k * Length + i], _sines[k * Length + i]) = ((float)(taper * cosine), (float)(taper * sine));
            }
    }

    /// <summary>Samples of a window.</summary>
    public int Length { get; }

    /// <summary>
    /// Mean over the channels of their power at each rate, the greatest being 1; zeros where nothing is there. power [<see cref="RateCount"/>].
    /// False when the window reaches past the end.
    /// </summary>
    public bool Make(double startSeconds, Span<float> power)
    {
        power.Clear();
        var start = (int)Math.Ceiling(startSeconds * _rateHz - 1e-9);
        if (start < 0 || start + Length > _signals[0].Length)
            return false;
        foreach (var signal in _signals)
            Add(signal.AsSpan(start, Length), power);
        var greatest = TensorPrimitives.Max<float>(power);
        if (greatest > 0)
            TensorPrimitives.Divide(power, greatest, power);
        return true;
    }

    private void Add(ReadOnlySpan<float> samples, Span<float> power)
    {
        double sum = 0;
        var count = 0;
        foreach (var sample in samples)
            if (float.IsFinite(sample))
            {
                sum += sample;
                count++;
            }
        var mean = count == 0 ? 0 : (float)(sum / count);
        for (var i = 0; i < samples.Length; i++)
            _window[i] = float.IsFinite(samples[i]) ? samples[i] - mean : 0;
        var energy = TensorPrimitives.Dot<float>(_window, _window);
        if (!(energy > 0))
            return;
        for (var k = 0; k < RateCount; k++)
        {
            var cosine = TensorPrimitives.Dot(_window, _cosines.AsSpan(k * Length, Length));
            var sine = TensorPrimitives.Dot(_window, _sines.AsSpan(k * Length, Length));
            power[k] += (cosine * cosine + sine * sine) / energy;
        }
    }

    private static float[] Slope(float[] samples)
    {
        var slope = new float[samples.Length];
        for (var i = 1; i < samples.Length; i++)
            slope[i] = Math.Abs(samples[i] - samples[i - 1]);
        return slope;
    }
}
