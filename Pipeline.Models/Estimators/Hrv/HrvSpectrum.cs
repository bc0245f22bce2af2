using System.Numerics.Tensors;
using Pipeline.Models.Spectra;

namespace Pipeline.Models.Estimators.Hrv;

/// <summary>Heart rate variability in the frequency domain; NaN where there are too few intervals.</summary>
/// <param name="Low">Power at 0.04 to 0.15 Hz, ms².</param>
/// <param name="High">Power at 0.15 to 0.4 Hz, ms².</param>
/// <param name="Breaths">Frequency of the highest peak between <see cref="HrvSpectrum.SlowestBreath"/> and what the heart rate allows,
/// Hz.</param>
/// <param name="Clarity">Part of the power there that lies at that peak, 0 to 1.</param>
internal readonly record struct HrvBands(double Low, double High, double Breaths, double Clarity);

/// <summary>
/// Spectrum of normal-to-normal intervals as hrv-analysis 1.0 makes it: straight lines between the intervals at 4 Hz, Welch's mean of
/// periodograms of 256 samples under a periodic Hann taper, half overlapping, each without its mean (Welch 1967,
/// doi:10.1109/TAU.1967.1161901), 4096 bins, trapezoids over each band. A periodogram is the transform of the autocorrelation, so a band's
/// power is a weighted sum of it: no bin of 4096 is made for it. One a thread.
/// </summary>
internal sealed class HrvSpectrum
{
    /// <summary>Slowest breathing that is looked for, Hz.</summary>
    public const double SlowestBreath = 0.1;

    private const double RateHz = 4, FastestBreath = 0.6;
    private const int Segment = 256, Bins = 4096;
    private const int MostSamples = (int)(NormalIntervals.SpanSeconds * RateHz) + 8;
    private const int PeakHalf = 32;        // bins about a peak that are its own: the taper's main lobe has 2 · 4096 / 256 on each side

    [ThreadStatic]
    private static HrvSpectrum? _ofThread;

    private static readonly double[] Taper = [.. Enumerable.Range(0, Segment).Select(n => 0.5 - 0.5 * Math.Cos(2 * Math.PI * n / Segment))];
    private static readonly double Scale = 2 / (RateHz * Taper.Sum(w => w * w));
    private static readonly double[] LowWeights = Weights(0.04, 0.15), HighWeights = Weights(0.15, 0.4);

    private readonly double[] _samples = new double[MostSamples];
    private readonly double[] _tapered = new double[Segment];
    private readonly double[] _correlation = new double[Segment];
    private readonly float[] _lags = new float[Segment];
    private readonly float[] _power = new float[Bins / 2 + 1];
    private readonly float[] _imaginary = new float[Bins / 2 + 1];

    private HrvSpectrum()
    {
    }

    /// <summary>The thread's own.</summary>
    public static HrvSpectrum OfThread => _ofThread ??= new HrvSpectrum();

    /// <param name="ends">When each interval ends, s, ascending.</param>
    /// <param name="intervals">The intervals, ms; as many.</param>
    public HrvBands Of(ReadOnlySpan<double> ends, ReadOnlySpan<double> intervals)
    {
        if (ends.Length != intervals.Length)
            throw new ArgumentException($"{ends.Length} ends for {intervals.Length} intervals.", nameof(ends));
        var count = ends.Length < 2 ? 0 : (int)Math.Min(Math.Ceiling((ends[^1] - ends[0]) * RateHz), MostSamples);
        if (count < Segment)
            return new HrvBands(double.NaN, double.NaN, double.NaN, 0);
        Interpolate(ends, intervals, _samples.AsSpan(0, count));
        Correlate(_samples.AsSpan(0, count));
        var (low, high) = (TensorPrimitives.Dot<double>(_correlation, LowWeights), TensorPrimitives.Dot<double>(_correlation, HighWeights));
        var (breaths, clarity) = Breathing(TensorPrimitives.Sum(intervals) / (1000 * intervals.Length));
        return new HrvBands(Math.Max(0, low), Math.Max(0, high), breaths, clarity);
    }

    private static void Interpolate(ReadOnlySpan<double> ends, ReadOnlySpan<double> intervals, Span<double> samples)
    {
        var next = 1;
        for (var i = 0; i < samples.Length; i++)
        {
            var at = ends[0] + i / RateHz;
            while (next < ends.Length - 1 && ends[next] < at)
                next++;
            samples[i] = intervals[next - 1] + (at - ends[next - 1]) / (ends[next] - ends[next - 1]) * (intervals[next] - intervals[next - 1]);
        }
    }

    /// <summary>Mean autocorrelation of the tapered segments.</summary>
    private void Correlate(ReadOnlySpan<double> samples)
    {
        Array.Clear(_correlation);
        var segments = (samples.Length - Segment) / (Segment / 2) + 1;
        for (var s = 0; s < segments; s++)
        {
            var segment = samples.Slice(s * Segment / 2, Segment);
            TensorPrimitives.Subtract(segment, TensorPrimitives.Sum(segment) / Segment, _tapered);
            TensorPrimitives.Multiply(_tapered, Taper, _tapered);
            for (var lag = 0; lag < Segment; lag++)
                _correlation[lag] += TensorPrimitives.Dot<double>(_tapered.AsSpan(lag), _tapered.AsSpan(0, Segment - lag));
        }
        TensorPrimitives.Divide(_correlation, segments, _correlation);
    }

    /// <summary>
    /// The highest peak of the spectrum at the frequencies of breathing, up to half of the heart rate, beyond which the intervals cannot
    /// show any.
    /// </summary>
    private (double Hz, double Clarity) Breathing(double meanInterval)
    {
        TensorPrimitives.ConvertTruncating<double, float>(_correlation, _lags);
        _lags[0] /= 2;
        RealFft.Of(Bins).Forward(_lags, _power, _imaginary);
        var (first, last) = ((int)Math.Ceiling(SlowestBreath * Bins / RateHz), (int)(Math.Min(FastestBreath, 0.5 / meanInterval) * Bins / RateHz));
        var searched = _power.AsSpan(first, last - first + 1);
        var peak = TensorPrimitives.IndexOfMax<float>(searched);
        if (peak <= 0 || peak >= searched.Length - 1)
            return (double.NaN, 0);     // an edge is no peak
        var own = searched[Math.Max(0, peak - PeakHalf)..Math.Min(searched.Length, peak + PeakHalf + 1)];
        double before = searched[peak - 1], top = searched[peak], after = searched[peak + 1];
        var bend = before - 2 * top + after;
        var shift = bend < 0 ? 0.5 * (before - after) / bend : 0;
        var all = TensorPrimitives.Sum<float>(searched);
        return ((first + peak + shift) * RateHz / Bins, all > 0 ? Math.Clamp(TensorPrimitives.Sum<float>(own) / all, 0, 1) : 0);
    }

    /// <summary>What each lag of the autocorrelation adds to the power of bins in [<paramref name="from"/>, <paramref name="to"/>)
    /// Hz.</summary>
    private static double[] Weights(double from, double to)
    {
        int[] bins = [.. Enumerable.Range(0, Bins / 2 + 1).Where(k => k * RateHz / Bins >= from && k * RateHz / Bins < to)];
        var width = RateHz / Bins;
        return [.. Enumerable.Range(0, Segment).Select(lag => bins.Sum(k =>
            (k == bins[0] || k == bins[^1] ? width / 2 : width) * Scale * (lag == 0 ? 1 : 2) * Math.Cos(2 * Math.PI * k * lag / Bins)))];
    }
}
