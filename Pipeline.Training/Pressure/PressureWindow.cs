using Pipeline.Models.Signals;

namespace Pipeline.Training.Pressure;

/// <summary>A person with a PPG, perhaps an ECG, and pressures to learn.</summary>
/// <param name="Person">Who; held out whole.</param>
/// <param name="Set">Data set.</param>
/// <param name="Windows">Windows in order of time; not empty.</param>
/// <param name="HasCourse">Whether each window has a pressure of its own; false: one cuff value stands for all.</param>
public sealed record PressureRecording(string Person, string Set, IReadOnlyList<PressureWindow> Windows, bool HasCourse);

/// <summary>What is known of a person around windows.</summary>
/// <param name="Ppg">PPG, any unit; NaN is missing.</param>
/// <param name="PpgRateHz">Its rate.</param>
/// <param name="PpgFirst">Time of its first sample.</param>
/// <param name="Ecg">ECG; empty without one.</param>
/// <param name="EcgRateHz">Its rate.</param>
/// <param name="EcgFirst">Time of its first sample.</param>
/// <param name="Peaks">R peaks, seconds since 1970.</param>
/// <param name="Pulses">Pulses of the PPG, likewise.</param>
public sealed record PressureSignals(
    float[] Ppg, double PpgRateHz, Timestamp PpgFirst, float[] Ecg, double EcgRateHz, Timestamp EcgFirst, double[] Peaks, double[] Pulses);

/// <summary>
/// A window of 8 s as the network sees it: PPG and ECG on one clock at 62.5 Hz, each less its mean and in units of its deviation, an ECG that is not there zero; pulse arrival time and heart rate.
/// </summary>
/// <param name="Input">[2 x <see cref="Length"/>]: PPG, ECG.</param>
/// <param name="Features">[<see cref="FeatureCount"/>]: arrival time about 0.3 s in 0.1 s, whether it is known, heart rate about 75 in 20 per minute, whether there is an ECG.</param>
/// <param name="Systolic">mmHg.</param>
/// <param name="Diastolic">mmHg.</param>
public sealed record PressureWindow(float[] Input, float[] Features, double Systolic, double Diastolic)
{
    /// <summary>Values of a channel, and numbers beside the channels.</summary>
    public const int Length = 500, FeatureCount = 4;

    /// <summary>Values per second.</summary>
    public const double RateHz = 62.5;

    /// <summary>Seconds of a window.</summary>
    public const double Seconds = Length / RateHz;

    /// <summary>The window from <paramref name="start"/> on; null where a tenth of the PPG is missing, or it does not move.</summary>
    public static PressureWindow? Of(PressureSignals signals, Timestamp start, double systolic, double diastolic)
    {
        ArgumentNullException.ThrowIfNull(signals);
        var input = new float[2 * Length];
        var ppg = input.AsSpan(0, Length);
        var ecg = input.AsSpan(Length);
        TimeAlignment.Resample(signals.Ppg, signals.PpgRateHz, signals.PpgFirst, start, RateHz, ppg);
        if (!Normalise(ppg))
            return null;
        var hasEcg = false;
        if (signals.Ecg.Length > 0)
        {
            TimeAlignment.Resample(signals.Ecg, signals.EcgRateHz, signals.EcgFirst, start, RateHz, ecg);
            hasEcg = Normalise(ecg);
        }
        if (!hasEcg)
            ecg.Clear();
        var begin = start.SecondsSince(default);
        var arrival = TimeAlignment.PulseArrival(signals.Peaks, signals.Pulses, begin, begin + Seconds);
        var pulses = signals.Pulses.Where(at => at >= begin && at < begin + Seconds).ToArray();
        var rate = pulses.Length < 3 || pulses[^1] <= pulses[0] ? 75 : 60 * (pulses.Length - 1) / (pulses[^1] - pulses[0]);
        var isKnown = !double.IsNaN(arrival);
        return new PressureWindow(
            input, [isKnown ? (float)((arrival - 0.3) / 0.1) : 0, isKnown ? 1 : 0, (float)((rate - 75) / 20), hasEcg ? 1 : 0], systolic, diastolic);
    }

    private static bool Normalise(Span<float> values)
    {
        var (sum, squares, count) = (0.0, 0.0, 0);
        foreach (var value in values)
            if (float.IsFinite(value))
                (sum, squares, count) = (sum + value, squares + (double)value * value, count + 1);
        var mean = sum / count;
        var deviation = Math.Sqrt(Math.Max(0, squares / count - mean * mean));
        if (count < 0.9 * values.Length || !(deviation > 1e-6 * Math.Abs(mean) + 1e-12))
            return false;
        foreach (ref var value in values)
            value = float.IsFinite(value) ? (float)Math.Clamp((value - mean) / deviation, -6, 6) : 0;
        return true;
    }
}
