namespace Pipeline.Training.Qrs;

/// <summary>
/// Mixes recorded noise into a record as PhysioNet's <c>nst</c> does (Moody, Muldrow, Mark, "A noise stress test for arrhythmia detectors",
/// Computers in Cardiology 1984): from minute 5, two minutes on and two off, the noise read in step with the record. The signal's power is
/// an eighth of the squared QRS height (peak to peak within ±50 ms, mean over the first 300 normal beats without the outer 5 %); the
/// noise's is the squared RMS of seconds (mean over the first 300 without the outer 5 %); each lead has its own gain.
/// </summary>
public static class NoiseStress
{
    private const int Frames = 300;
    private const double Trimmed = 0.05;

    /// <summary>Whether sample <paramref name="sample"/> of a record lies in a noisy minute.</summary>
    public static bool IsNoisy(double sample, double rateHz)
    {
        var minute = sample / rateHz / 60;
        return minute >= 5 && (minute - 5) % 4 < 2;
    }

    /// <summary>The record with <paramref name="noise"/> in its noisy minutes at <paramref name="decibels"/>.</summary>
    public static EcgRecording Mix(EcgRecording record, EcgRecording noise, double decibels)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentNullException.ThrowIfNull(noise);
        var leads = new float[record.Leads.Length][];
        for (var l = 0; l < leads.Length; l++)
        {
            var gain = Gain(record, l, noise.Leads[l], decibels);
            leads[l] = [.. record.Leads[l]];
            for (var i = 0; i < leads[l].Length; i++)
                if (IsNoisy(i, record.RateHz))
                    leads[l][i] += gain * noise.Leads[l][i];
        }
        return record.With(leads);
    }

    /// <summary>What noise is to be multiplied by for <paramref name="decibels"/> on lead <paramref name="lead"/>.</summary>
    public static float Gain(EcgRecording record, int lead, float[] noise, double decibels)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentNullException.ThrowIfNull(noise);
        var height = QrsHeight(record, lead);
        var rms = Rms(noise, (int)record.RateHz);
        return (float)Math.Sqrt(height * height / 8 / (rms * rms * Math.Pow(10, decibels / 10)));
    }

    /// <summary>Mean height of the beats on a lead, as the noise test has it.</summary>
    internal static double QrsHeight(EcgRecording record, int lead)
    {
        var half = (int)(0.05 * record.RateHz);
        var heights = new List<double>();
        foreach (var beat in record.Beats.Where(b => b.Code != 5).Take(Frames))
        {
            var from = Math.Max(0, (int)beat.Sample - half);
            var around = record.Leads[lead].AsSpan(from, Math.Min(record.SampleCount, (int)beat.Sample + half + 1) - from);
            float low = float.MaxValue, high = float.MinValue;
            foreach (var value in around)
                (low, high) = (Math.Min(low, value), Math.Max(high, value));
            heights.Add(high - low);
        }
        return TrimmedMean(heights);
    }

    private static double Rms(float[] noise, int second)
    {
        var levels = new List<double>();
        for (var frame = 0; frame < Frames; frame++)
        {
            double sum = 0, squares = 0;
            foreach (var value in noise.AsSpan(frame * second, second))
            {
                sum += value;
                squares += (double)value * value;
            }
            levels.Add(Math.Sqrt(Math.Max(0, squares / second - sum * sum / second / second)));
        }
        return TrimmedMean(levels);
    }

    private static double TrimmedMean(List<double> values)
    {
        values.Sort();
        var cut = (int)(Trimmed * values.Count);
        return values.Skip(cut).Take(values.Count - 2 * cut).Average();
    }
}
