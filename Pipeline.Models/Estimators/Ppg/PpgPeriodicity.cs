using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// How far a window repeats itself at an interval that a heart can have, whatever the interval: the autocorrelation of its slope, from
/// which breathing is taken out. The slope holds the upstrokes, so a pulse of any shape has a high peak beside a low trough; noise has
/// neither, and breathing is too slow. Neither gain nor sign matters.
/// </summary>
/// <param name="Peak">Highest correlation at such an interval, −1 to 1; −1 when there is no peak.</param>
/// <param name="Contrast">Greatest rise from a trough to a later peak, 0 to 2.</param>
/// <param name="Interval">Shortest interval whose peak is nearly as high, in seconds; NaN when there is no peak.</param>
internal readonly record struct PpgPeriodicity(double Peak, double Contrast, double Interval)
{
    /// <summary>A window without a peak.</summary>
    public static PpgPeriodicity None => new(-1, 0, double.NaN);

    /// <summary>Lags of an autocorrelation, in samples of the plan's rate, from 0 on.</summary>
    public const int Lags = 96;

    /// <summary>Interval from which a rate is slow, in seconds.</summary>
    public const double SlowSeconds = 1.1;

    /// <summary>More is not said of a window: it would outlast the pulse.</summary>
    public const double MostStrength = 3;

    private const double PeakWeight = 2;

    /// <summary>Slowest rate whose interval is looked for, per minute.</summary>
    public const double SlowestPerMinute = 34;

    private const double FastestPerMinute = 220;
    private const double SmoothSeconds = 0.06;      // on either side
    private const double BreathSeconds = 0.5;       // on either side: a centred mean of 1 s follows breathing and not pulses

    // Of slow rates: the slope of a pulse crosses zero soon after its steepest point, that of a sine after a quarter of the interval.
    private const double LatestCrossing = 0.225;

    private const double NearlyAsHigh = 0.85;

    /// <summary>How strongly it repeats itself, 0 to <see cref="MostStrength"/>.</summary>
    public double Strength => Math.Clamp(Contrast + PeakWeight * Peak, 0, MostStrength);

    /// <summary>Samples that <see cref="MakeSlope"/> loses at either end.</summary>
    public static int MarginOf(double rateHz) => Math.Max(1, (int)Math.Round(SmoothSeconds * rateHz));

    /// <summary>
    /// Writes the smoothed slope of <paramref name="samples"/>, less its mean over a second; <paramref name="slope"/> is two margins
    /// shorter.
    /// </summary>
    public static void MakeSlope(ReadOnlySpan<float> samples, double rateHz, Span<float> slope)
    {
        var margin = MarginOf(rateHz);
        Span<float> plain = stackalloc float[slope.Length];
        float ahead = 0, behind = 0;
        for (var i = 0; i < margin; i++)
            (ahead, behind) = (ahead + samples[margin + 1 + i], behind + samples[i]);
        for (var i = 0; i < plain.Length; i++)
        {
            plain[i] = ahead - behind;
            if (i + 1 == plain.Length)
                break;
            ahead += samples[i + 2 * margin + 1] - samples[i + margin + 1];
            behind += samples[i + margin] - samples[i];
        }
        SubtractMean(plain, (int)Math.Round(BreathSeconds * rateHz), slope);
    }

    /// <summary>
    /// Writes the wave whose slope is <paramref name="slope"/>, by <see cref="MakeSlope"/>, less its mean over a second, into it.
    /// </summary>
    public static void MakeWave(Span<float> slope, double rateHz)
    {
        Span<float> sum = stackalloc float[slope.Length];
        var at = 0f;
        for (var i = 0; i < sum.Length; i++)
            sum[i] = at += slope[i];
        SubtractMean(sum, (int)Math.Round(BreathSeconds * rateHz), slope);
    }

    /// <summary>Writes the correlation with itself, at each of <see cref="Lags"/>, of a slope by <see cref="MakeSlope"/>; 0 past half of
    /// it.</summary>
    public static void Correlate(ReadOnlySpan<float> x, Span<float> at)
    {
        double head = TensorPrimitives.SumOfSquares(x), tail = head;     // of what is before the last lag samples, and after the first
        for (var lag = 0; lag < at.Length; lag++)
        {
            var scale = head * tail;
            at[lag] = scale > 0 && lag < x.Length / 2 ? (float)(TensorPrimitives.Dot(x[lag..], x[..^lag]) / Math.Sqrt(scale)) : 0;
            if (lag >= x.Length / 2)
                continue;
            head = Math.Max(0, head - (double)x[^(lag + 1)] * x[^(lag + 1)]);
            tail = Math.Max(0, tail - (double)x[lag] * x[lag]);
        }
    }

    /// <summary>Of an autocorrelation by <see cref="Correlate"/>, or a mean of several.</summary>
    public static PpgPeriodicity Of(ReadOnlySpan<float> at, double rateHz)
    {
        var first = (int)(rateHz * 60 / FastestPerMinute);
        var last = Math.Min((int)(rateHz * 60 / SlowestPerMinute), at.Length - 2);
        double peak = -1, contrast = 0, trough = 1;
        var crossing = 0;
        for (var lag = 1; lag <= last; lag++)
        {
            trough = Math.Min(trough, at[lag]);
            if (crossing == 0 && at[lag] <= 0)
                crossing = lag;
            if (lag < first || at[lag] < at[lag - 1] || at[lag] < at[lag + 1])
                continue;
            if (lag > SlowSeconds * rateHz && (crossing == 0 || crossing > LatestCrossing * lag))
                continue;
            peak = Math.Max(peak, at[lag]);
            contrast = Math.Max(contrast, at[lag] - trough);
        }
        return new PpgPeriodicity(peak, contrast, IntervalOf(at, first, last, NearlyAsHigh * peak) / rateHz);
    }

    /// <summary>Greatest correlation at an interval in seconds, or at one that differs by <paramref name="part"/> of it at most.</summary>
    public static double At(ReadOnlySpan<float> at, double rateHz, double interval, double part)
    {
        var first = Math.Max(1, (int)(interval * (1 - part) * rateHz));
        var last = Math.Min(at.Length - 1, (int)Math.Ceiling(interval * (1 + part) * rateHz));
        return first > last ? 0 : TensorPrimitives.Max(at[first..(last + 1)]);
    }

    private static double IntervalOf(ReadOnlySpan<float> at, int first, int last, double least)
    {
        for (var lag = Math.Max(1, first); lag <= last && least > 0; lag++)
            if (at[lag] >= least && at[lag] >= at[lag - 1] && at[lag] >= at[lag + 1])
                return lag;
        return double.NaN;
    }

    private static void SubtractMean(ReadOnlySpan<float> x, int reach, Span<float> rest)
    {
        double sum = 0;
        var (from, to) = (0, 0);        // [from, to) is summed
        for (var i = 0; i < x.Length; i++)
        {
            while (to < Math.Min(x.Length, i + reach + 1))
                sum += x[to++];
            while (from < i - reach)
                sum -= x[from++];
            rest[i] = x[i] - (float)(sum / (to - from));
        }
    }
}
