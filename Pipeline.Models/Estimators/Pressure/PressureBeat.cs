namespace Pipeline.Models.Estimators.Pressure;

/// <summary>One beat of an arterial pressure, from its onset to the next; mmHg.</summary>
/// <param name="Systolic">Highest pressure.</param>
/// <param name="Diastolic">Lowest pressure at the foot that begins it.</param>
/// <param name="Mean">Mean over time.</param>
/// <param name="Slope">Steepest rise, in pulse pressures per second: 7 to 25 of arteries, less behind a line that damps.</param>
/// <param name="Ringing">Height of the waves that follow the peak in quick succession, in pulse pressures: the resonance of the line; 0
/// without one.</param>
internal readonly record struct PressureBeat(float Systolic, float Diastolic, float Mean, float Slope, float Ringing)
{
    private const double FootBeforeSeconds = 0.12, FootAfterSeconds = 0.04;
    private const double TrendSeconds = 0.12;           // the ringing stands out of a mean as long
    private const double RingingSeconds = 0.6, WaveSeconds = 0.24;     // a dicrotic wave comes later after the peak
    private const float LeastRise = 0.015f;             // of the pulse pressure; less is noise
    private const float SecondWave = 3.5f;              // a second one of the kind says as much as a first one so many times as high

    /// <summary>Highest less lowest pressure.</summary>
    public float Pulse => Systolic - Diastolic;

    /// <summary>
    /// Measures the beat of <paramref name="samples"/> (mmHg, <paramref name="rateHz"/> of 50 to 190) whose onset is at
    /// <paramref name="onset"/> and that ends with the onset at <paramref name="next"/>; null where a sample is missing or the beat is too
    /// short for a pulse. The samples before the onset are wanted as far as they are there.
    /// </summary>
    public static PressureBeat? Measure(ReadOnlySpan<float> samples, double rateHz, double onset, double next)
    {
        var (begin, end) = ((int)Math.Round(onset), Math.Min(samples.Length - 1, (int)Math.Round(next)));
        var foot = Math.Max(1, begin - (int)Math.Round(FootBeforeSeconds * rateHz));
        if (begin < 1 || end - begin < 0.2 * rateHz || end >= samples.Length - 1)
            return null;
        var (low, lastFoot) = (float.PositiveInfinity, begin + (int)Math.Round(FootAfterSeconds * rateHz));
        for (var i = foot; i <= lastFoot; i++)
            low = Math.Min(low, Smooth(samples, i));
        var (high, peak, sum, steepest) = (float.NegativeInfinity, begin, 0.0, 0f);
        for (var i = begin; i < end; i++)
        {
            var value = Smooth(samples, i);
            if (value > high)
                (high, peak) = (value, i);
            sum += samples[i];
        }
        for (var i = foot; i <= peak; i++)
            steepest = Math.Max(steepest, Smooth(samples, i) - Smooth(samples, i - 1 < 1 ? 1 : i - 1));
        var mean = (float)(sum / (end - begin));
        if (!float.IsFinite(mean) || !float.IsFinite(low) || high <= low)
            return null;
        var pulse = high - low;
        return new PressureBeat(high, low, mean, (float)(steepest * rateHz / pulse), RingingOf(samples, rateHz, peak, end, pulse));
    }

    /// <summary>Rises to the waves that follow the peak, and each other, within 0.24 s, out of a running mean.</summary>
    private static float RingingOf(ReadOnlySpan<float> samples, double rateHz, int peak, int end, float pulse)
    {
        var half = Math.Max(1, (int)Math.Round(TrendSeconds * rateHz / 2));
        var first = Math.Max(half + 1, peak - (int)(0.02 * rateHz));
        var last = Math.Min(Math.Min(end - (int)(0.1 * rateHz), samples.Length - half - 2), peak + (int)(RingingSeconds * rateHz));
        if (last <= first)
            return 0;
        var (trough, wave, number) = (float.PositiveInfinity, peak, 0);
        Span<float> rises = stackalloc float[2];
        var (before, here) = (Residual(samples, half, first - 1), Residual(samples, half, first));
        for (var i = first; i < last && number < rises.Length; i++)
        {
            var after = Residual(samples, half, i + 1);
            if (here <= before && here < after)
                trough = Math.Min(trough, here);
            else if (here >= before && here > after && here - trough > LeastRise * pulse)
            {
                rises[number++] = i - wave < WaveSeconds * rateHz ? here - trough : 0;
                (wave, trough) = (i, float.PositiveInfinity);
            }
            (before, here) = (here, after);
        }
        return Math.Max(rises[0], SecondWave * Math.Min(rises[0], rises[1])) / pulse;
    }

    private static float Residual(ReadOnlySpan<float> samples, int half, int at)
    {
        var sum = 0f;
        foreach (var value in samples[(at - half)..(at + half + 1)])
            sum += value;
        return Smooth(samples, at) - sum / (2 * half + 1);
    }

    private static float Smooth(ReadOnlySpan<float> samples, int at) => 0.25f * samples[at - 1] + 0.5f * samples[at] + 0.25f * samples[at + 1];
}
