using System.Numerics.Tensors;
using Pipeline.Models.Signals;
using Pipeline.Models.Spectra;

namespace Pipeline.Host.Evaluation;

/// <summary>
/// Power of a signal over heart rates, window by window, to look at: the <see cref="Stft"/> of the window, its mean taken out, read between
/// bins at each rate. For an ECG the slope's magnitude stands for the signal, because its own power lies in the QRS's shape, not in the
/// rate.
/// </summary>
internal sealed class RateSpectrum
{
    /// <summary>Rates that are shown: the first, the step, and how many, per minute.</summary>
    public const double FirstPerMinute = 30, StepPerMinute = 2;

    /// <summary>Rates of a spectrum.</summary>
    public const int RateCount = 101;

    private const double WindowSeconds = 8;
    private const double ThinnedHz = 250;
    private readonly float[][] _signals;
    private readonly double _rateHz;
    private readonly Stft _stft;
    private readonly float[] _window;
    private readonly float[] _bins;

    /// <summary>Plans spectra of the channels of a recording.</summary>
    public RateSpectrum(float[][] channels, double rateHz, SignalKind kind)
    {
        // Fast signals are thinned: their rates lie below 4 Hz, and a window fits the longest transform.
        var thinning = Math.Max(1, (int)(rateHz / ThinnedHz));
        _rateHz = rateHz / thinning;
        _signals = [.. channels.Select(channel => Thinned(kind == SignalKind.Ecg ? Slope(channel) : channel, thinning))];
        _window = new float[(int)Math.Round(WindowSeconds * _rateHz)];
        // A main lobe of a padded spectrum is 16 bins wide or more, so that a straight line between two of them is exact to 2 %.
        _stft = new Stft(_window.Length, padding: 4);
        _bins = new float[_stft.BinCount];
    }

    /// <summary>
    /// Mean over the channels of their power at each rate, the greatest being 1; zeros where nothing is there. power
    /// [<see cref="RateCount"/>]. False when the window reaches past the end.
    /// </summary>
    public bool Make(double startSeconds, Span<float> power)
    {
        power.Clear();
        var start = (int)Math.Ceiling(startSeconds * _rateHz - 1e-9);
        if (start < 0 || start + _window.Length > _signals[0].Length)
            return false;
        foreach (var signal in _signals)
            Add(signal.AsSpan(start, _window.Length), power);
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
        _stft.Power(_window, _bins);
        for (var k = 0; k < RateCount; k++)
            power[k] += PowerAt((FirstPerMinute + k * StepPerMinute) / 60) / energy;
    }

    private float PowerAt(double hz)
    {
        var place = hz * _stft.TransformLength / _rateHz;
        var bin = (int)place;
        return bin + 1 < _bins.Length ? _bins[bin] + (float)(place - bin) * (_bins[bin + 1] - _bins[bin]) : 0;
    }

    // Means of groups of samples; missing where any of them is.
    private static float[] Thinned(float[] samples, int by) => by == 1 ? samples
        : [.. Enumerable.Range(0, samples.Length / by).Select(i => TensorPrimitives.Sum(samples.AsSpan(i * by, by)) / by)];

    private static float[] Slope(float[] samples)
    {
        var slope = new float[samples.Length];
        for (var i = 1; i < samples.Length; i++)
            slope[i] = Math.Abs(samples[i] - samples[i - 1]);
        return slope;
    }
}
