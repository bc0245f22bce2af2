using Pipeline.Models.Estimators.Ppg;

namespace Pipeline.Training.HeartRate;

/// <summary>A part of a recording for augmentation (<see cref="RateAugmentation"/>): copies of its samples, played at some speed.</summary>
/// <param name="RateHz">Samples per second, as played.</param>
/// <param name="Ppg">[channels][samples].</param>
/// <param name="Acc">[axes][samples].</param>
/// <param name="PpgRms">Typical root mean square of each PPG channel, without its mean.</param>
/// <param name="AccRms">The largest typical root mean square of the axes.</param>
public sealed record RateExcerpt(double RateHz, float[][] Ppg, float[][] Acc, float[] PpgRms, float AccRms)
{
    /// <summary>Samples.</summary>
    public int Count => Ppg[0].Length;
}

/// <summary>Typical levels of the signals of a recording.</summary>
public sealed class RateSignalLevels
{
    private const double PartSeconds = 8;

    /// <summary>Measures <paramref name="recording"/>, of its PPG channels those that an estimator looks at.</summary>
    public RateSignalLevels(RateRecording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        Ppg = [.. recording.Ppg.Take(PpgStage.MaxPulseChannels).Select(x => Typical(x, recording.RateHz))];
        Acc = recording.Acc.Select(x => Typical(x, recording.RateHz)).DefaultIfEmpty(0).Max();
        AccMeans = [.. recording.Acc.Select(x => x.Average())];
    }

    /// <summary>Median standard deviation over 8 s of each PPG channel.</summary>
    public float[] Ppg { get; }

    /// <summary>Median standard deviation over 8 s of the axis with the largest one; 0 without an accelerometer.</summary>
    public float Acc { get; }

    /// <summary>Mean of each axis.</summary>
    public float[] AccMeans { get; }

    /// <summary>Median of the standard deviations of 8 s each.</summary>
    private static float Typical(float[] samples, double rateHz)
    {
        var count = Math.Min(samples.Length, (int)(PartSeconds * rateHz));
        var deviations = new List<double>();
        for (var first = 0; count > 0 && first + count <= samples.Length; first += count)
        {
            double sum = 0, squares = 0;
            for (var i = first; i < first + count; i++)
                sum += samples[i];
            for (var i = first; i < first + count; i++)
                squares += (samples[i] - sum / count) * (samples[i] - sum / count);
            deviations.Add(Math.Sqrt(squares / count));
        }
        deviations.Sort();
        return deviations.Count == 0 ? 0 : (float)deviations[deviations.Count / 2];
    }
}
