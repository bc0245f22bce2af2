using Pipeline.Models.Features;

namespace Pipeline.Training;

/// <summary>
/// The windows of one recording as the network sees them, played at <see cref="Stretch"/> times its speed: a window is then 8·stretch seconds of
/// the signal, and every rate in it is multiplied. Exact for both sensors at once, unlike resampling a spectrum.
/// </summary>
public sealed class RateSequence
{
    private const double WindowSeconds = 8;
    private const double HopSeconds = 2;

    private RateSequence(RateRecording recording, double stretch, int count)
    {
        Recording = recording;
        Stretch = stretch;
        Count = count;
        Spectra = new float[count * RowLength];
        Motion = new float[count];
        Labels = new float[count];
        Present = new bool[count];
    }

    /// <summary>Floats of one window's spectra.</summary>
    public static int RowLength => RateFeatures.SpectrumCount * RateFeatures.RateCount;

    /// <summary>Where it comes from.</summary>
    public RateRecording Recording { get; }

    /// <summary>Speed at which it is played; 1 is as it was.</summary>
    public double Stretch { get; }

    /// <summary>Windows.</summary>
    public int Count { get; }

    /// <summary>[windows x 10 x 85].</summary>
    public float[] Spectra { get; }

    /// <summary>log10 of the motion's power of each window; NaN without an accelerometer.</summary>
    public float[] Motion { get; }

    /// <summary>Whether a pulse can be in any PPG channel of the window.</summary>
    public bool[] Present { get; }

    /// <summary>Reference of each window, per minute, at this speed; NaN where there is none.</summary>
    public float[] Labels { get; }

    /// <summary>Makes the sequence.</summary>
    public static RateSequence From(RateRecording recording, double stretch)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var rate = recording.RateHz * stretch;
        var length = (int)Math.Round(WindowSeconds * rate);
        var total = recording.Ppg[0].Length;
        var count = Math.Max(0, (int)Math.Floor((total / rate - WindowSeconds) / HopSeconds + 1e-9) + 1);
        var sequence = new RateSequence(recording, stretch, count);
        var window = new RateWindow(rate, length);
        for (var w = 0; w < count; w++)
        {
            var start = (int)Math.Ceiling(w * HopSeconds * rate - 1e-9);
            if (start + length > total)
                start = total - length;
            sequence.Present[w] = window.Make(recording.Ppg, recording.Acc, start, sequence.Spectra.AsSpan(w * RowLength, RowLength), out sequence.Motion[w]);
            sequence.Labels[w] = (float)(Reference(recording.Labels, start / recording.RateHz + length / recording.RateHz / 2 - WindowSeconds / 2) * stretch);
        }
        return sequence;
    }

    // Labels belong to windows of 8 s at the recording's own speed: between two of them the reference is a straight line.
    private static double Reference(IReadOnlyList<(double StartSeconds, double BeatsPerMinute)> labels, double startSeconds)
    {
        var high = 0;
        while (high < labels.Count && labels[high].StartSeconds < startSeconds - 1e-6)
            high++;
        if (high < labels.Count && Math.Abs(labels[high].StartSeconds - startSeconds) < 1e-3)
            return labels[high].BeatsPerMinute;
        if (high == 0 || high == labels.Count)
            return double.NaN;
        var (t0, v0) = labels[high - 1];
        var (t1, v1) = labels[high];
        return t1 - t0 > 2 * HopSeconds ? double.NaN : v0 + (v1 - v0) * (startSeconds - t0) / (t1 - t0);
    }
}
