using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// Tells P waves that no QRS complex follows (ventricular standstill) from low QRS complexes, where small waves were taken for beats. The
/// mean of a lead about the beats of a window shows the whole cycle: a P wave alone is one low, smooth hump on a flat line, while a QRS
/// complex has a T wave behind it, often a P wave before it, and waves of the other sign beside it.
/// </summary>
internal static class EcgStandstill
{
    /// <summary>Beats of a larger envelope than this, mV, are not looked at: no P wave is as large.</summary>
    public const double LargestMillivolt = 0.25;

    private const double WorkingHz = 100;
    private const double Before = 0.28, After = 0.5, AfterShare = 0.7;  // s, s, part of the interval: what of the cycle is looked at
    private const double Wave = 0.1, Peak = 0.06;                       // s about the beat: the wave itself, and where its top may be
    private const int LeastBeats = 3;
    private const double LeastPresent = 0.8;
    private const double LeastShare = 0.4;      // of the largest lead's height
    private const double SmallestWave = 0.03, LargestWave = 0.45;       // mV
    private const double NarrowestWave = 0.038, WidestWave = 0.12;      // s, at half of the height
    private const double MostRest = 0.2;        // of the wave's height: T wave and P wave are larger, or …
    private const double MostOpposite = 0.112;  // … Q and S waves are
    private const double Lasting = 1.25;        // of both, where P waves were there in the window before

    /// <summary>
    /// Whether every lead that shows the waves well at <paramref name="beats"/> (samples of the stream, ascending) shows P waves alone,
    /// and one does; with less doubt where the window before <paramref name="had"/> P waves alone. False where the unit of a lead is not
    /// known.
    /// </summary>
    public static bool ArePWaves(in Window window, EcgForm form, ReadOnlySpan<WatchedParts> parts, ReadOnlySpan<double> beats, bool had)
    {
        if (beats.Length < LeastBeats)
            return false;
        var group = Math.Max(1, (int)Math.Round(window.RateHz / WorkingHz));
        var rate = window.RateHz / group;
        var interval = (beats[^1] - beats[0]) / (beats.Length - 1) / window.RateHz;
        var (before, after) = ((int)(Before * rate), (int)(Math.Min(After, AfterShare * interval) * rate));
        if (after <= Wave * rate + 2)
            return false;
        Span<float> lead = stackalloc float[window.Length / group];
        Span<double> cycle = stackalloc double[before + 1 + after];
        Span<(double Height, bool IsPWave)> shown = stackalloc (double, bool)[form.Channels.Length];
        var largest = 0.0;
        for (var l = 0; l < form.Channels.Length; l++)
        {
            if (parts[l].Present < LeastPresent)
                continue;
            if (form.Millivolts[l] <= 0)
                return false;
            Average(window, form.Channels[l], group, lead);
            if (!TryAlign(lead, beats, window.StartIndex, group, before, cycle))
                return false;
            shown[l] = Of(cycle, before, rate, form.Millivolts[l], had ? Lasting : 1);
            largest = Math.Max(largest, shown[l].Height);
        }
        if (largest < SmallestWave)
            return false;
        // On a lead where the waves are much lower the noise decides.
        foreach (var (height, isPWave) in shown)
            if (height >= LeastShare * largest && !isPWave)
                return false;
        return true;
    }

    /// <summary>
    /// Means of <paramref name="group"/> samples, of two neighbours together, so that mains hum cancels; NaN where one is missing.
    /// </summary>
    private static void Average(in Window window, int channel, int group, Span<float> means)
    {
        Span<float> samples = stackalloc float[group];
        var last = 0f;
        for (var i = 0; i < means.Length; i++)
        {
            window.CopyPhysical(channel, i * group, samples);
            var sum = 0f;
            foreach (var sample in samples)
                sum += sample;
            var mean = sum / group;
            means[i] = i == 0 ? mean : (mean + last) / 2;
            last = mean;
        }
    }

    /// <summary>
    /// The mean <paramref name="cycle"/> about the beats whose whole cycle is in the window; false for fewer than three of them.
    /// </summary>
    private static bool TryAlign(
        ReadOnlySpan<float> lead, ReadOnlySpan<double> beats, long start, int group, int before, Span<double> cycle)
    {
        cycle.Clear();
        var count = 0;
        foreach (var beat in beats)
        {
            var first = (int)Math.Round((beat - start) / group) - before;
            if (first < 0 || first + cycle.Length > lead.Length)
                continue;
            var part = lead.Slice(first, cycle.Length);
            if (part.ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
                continue;
            count++;
            for (var k = 0; k < part.Length; k++)
                cycle[k] += part[k];
        }
        foreach (ref var value in cycle)
            value /= Math.Max(1, count);
        return count >= LeastBeats;
    }

    /// <summary>Height of what a cycle shows, mV, and whether it is a P wave alone.</summary>
    private static (double Height, bool IsPWave) Of(Span<double> cycle, int middle, double rate, double millivolt, double most)
    {
        var (wave, peak, smooth) = ((int)Math.Round(Wave * rate), (int)Math.Round(Peak * rate), (int)Math.Round(0.02 * rate));
        TakeLine(cycle, middle, wave);
        var top = middle;
        for (var k = middle - peak; k <= middle + peak; k++)
            top = Math.Abs(cycle[k]) > Math.Abs(cycle[top]) ? k : top;
        var (height, sign) = (Math.Abs(cycle[top]), Math.Sign(cycle[top]));
        var (opposite, rest) = (0.0, 0.0);
        for (var k = 0; k < cycle.Length; k++)
            if (Math.Abs(k - top) <= wave)
                opposite = Math.Max(opposite, -sign * cycle[k]);
            else if (k >= smooth && k < cycle.Length - smooth)
                rest = Math.Max(rest, Math.Abs(Mean(cycle, k, smooth)));
        var width = WidthOf(cycle, top, sign) / rate;
        var besides = Math.Pow(rest / (MostRest * height), 2) + Math.Pow(opposite / (MostOpposite * height), 2);
        var isPWave = height <= LargestWave * millivolt && besides < most * most && width is >= NarrowestWave and <= WidestWave;
        return (Math.Max(height, rest) / millivolt, isPWave);
    }

    /// <summary>
    /// Takes away the straight line through what is further than <paramref name="wave"/> from the middle (least squares).
    /// </summary>
    private static void TakeLine(Span<double> cycle, int middle, int wave)
    {
        double count = 0, x = 0, y = 0, xx = 0, xy = 0;
        for (var k = 0; k < cycle.Length; k++)
        {
            if (Math.Abs(k - middle) <= wave)
                continue;
            (count, x, y) = (count + 1, x + k, y + cycle[k]);
            (xx, xy) = (xx + (double)k * k, xy + k * cycle[k]);
        }
        var slope = (count * xy - x * y) / Math.Max(1e-9, count * xx - x * x);
        var offset = (y - slope * x) / count;
        for (var k = 0; k < cycle.Length; k++)
            cycle[k] -= offset + slope * k;
    }

    private static double Mean(ReadOnlySpan<double> cycle, int middle, int half)
    {
        var sum = 0.0;
        foreach (var value in cycle.Slice(middle - half, 2 * half + 1))
            sum += value;
        return sum / (2 * half + 1);
    }

    /// <summary>How long the wave is above half of its height, in samples, by straight lines between them.</summary>
    private static double WidthOf(ReadOnlySpan<double> cycle, int top, int sign)
    {
        var (half, width) = (sign * cycle[top] / 2, 0.0);
        for (var step = -1; step <= 1; step += 2)
        {
            var k = top;
            while (k + step >= 0 && k + step < cycle.Length && sign * cycle[k + step] > half)
                k += step;
            width += Math.Abs(k - top);
            if (k + step >= 0 && k + step < cycle.Length)
                width += (sign * cycle[k] - half) / Math.Max(1e-12, sign * (cycle[k] - cycle[k + step]));
        }
        return width;
    }
}
