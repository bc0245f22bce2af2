using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;

namespace Pipeline.Training.HeartRate;

/// <summary>The windows of one recording as the network sees them in service, with their references.</summary>
public sealed class RateSequence
{
    private const double WindowSeconds = 8;
    private const double HopSeconds = 2;
    private const float MostBelow = 3;      // decades below the strongest motion so far

    private RateSequence(RateRecording recording, int count)
    {
        Recording = recording;
        Count = count;
        Rows = new float[count * RowLength];
        Motion = new float[count];
        Labels = new float[count];
        Present = new bool[count];
    }

    /// <summary>Floats of one window's rows.</summary>
    public static int RowLength => RateFeatures.SpectrumCount * RateFeatures.RateCount;

    /// <summary>Where it comes from.</summary>
    public RateRecording Recording { get; }

    /// <summary>Windows.</summary>
    public int Count { get; }

    /// <summary>[windows x 12 x 85].</summary>
    public float[] Rows { get; }

    /// <summary>log10 of the motion's power of each window; NaN without an accelerometer.</summary>
    public float[] Motion { get; }

    /// <summary>Whether a pulse can be in any PPG channel of the window.</summary>
    public bool[] Present { get; }

    /// <summary>Reference of each window, per minute; NaN where there is none.</summary>
    public float[] Labels { get; }

    /// <summary>Makes the sequence.</summary>
    public static RateSequence From(RateRecording recording) => From(recording, PpgConstants.Default);

    /// <summary>Makes the sequence with other constants of the classical likelihood.</summary>
    internal static RateSequence From(RateRecording recording, PpgConstants constants)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var rate = recording.RateHz;
        var length = (int)Math.Round(WindowSeconds * rate);
        var total = recording.Ppg[0].Length;
        var count = Math.Max(0, (int)Math.Floor((total / rate - WindowSeconds) / HopSeconds + 1e-9) + 1);
        var sequence = new RateSequence(recording, count);
        var window = new RateWindow(rate, length) { Constants = constants };
        for (var w = 0; w < count; w++)
        {
            var start = Math.Min((int)Math.Ceiling(w * HopSeconds * rate - 1e-9), total - length);
            sequence.Present[w] =
                window.Make(recording.Ppg, recording.Acc, start, sequence.Rows.AsSpan(w * RowLength, RowLength), out sequence.Motion[w]);
            sequence.Labels[w] = (float)sequence.ReferenceAt(start / rate);
        }
        return sequence;
    }

    /// <summary>
    /// Reference of a window of 8 s from <paramref name="startSeconds"/> on; between two references it is a straight line. NaN where there
    /// is none.
    /// </summary>
    public double ReferenceAt(double startSeconds)
    {
        var labels = Recording.Labels;
        int high = 0, end = labels.Count;
        while (high < end)
        {
            var middle = (high + end) / 2;
            (high, end) = labels[middle].StartSeconds < startSeconds - 1e-6 ? (middle + 1, end) : (high, middle);
        }
        if (high < labels.Count && Math.Abs(labels[high].StartSeconds - startSeconds) < 1e-3)
            return labels[high].BeatsPerMinute;
        if (high == 0 || high == labels.Count)
            return double.NaN;
        var (t0, v0) = labels[high - 1];
        var (t1, v1) = labels[high];
        return t1 - t0 > 2 * HopSeconds ? double.NaN : v0 + (v1 - v0) * (startSeconds - t0) / (t1 - t0);
    }

    /// <summary>
    /// The greatest motion of the windows that begin before <paramref name="seconds"/>: a stream that has run since the start knows it.
    /// </summary>
    public float MotionLevelBefore(double seconds)
    {
        var level = float.NegativeInfinity;
        for (var w = 0; w < Count && w * HopSeconds < seconds; w++)
            level = float.IsNaN(Motion[w]) ? level : Math.Max(level, Motion[w]);
        return level;
    }

    /// <summary>Motion below the greatest so far, which it may raise, in decades, −3 to 0; 0 without an accelerometer.</summary>
    public static float RelativeMotion(float motion, ref float level)
    {
        if (float.IsNaN(motion))
            return 0;
        level = Math.Max(level, motion);
        return Math.Clamp(motion - level, -MostBelow, 0);
    }

    /// <summary>[windows x 14 x 85]: the network's input.</summary>
    public float[] Input()
    {
        const int length = RateFeatures.InputRowCount * RateFeatures.RateCount;
        var input = new float[Count * length];
        var level = float.NegativeInfinity;
        for (var w = 0; w < Count; w++)
            RateFeatures.Input(Rows.AsSpan(w * RowLength, RowLength), RelativeMotion(Motion[w], ref level),
                input.AsSpan(w * length, length));
        return input;
    }
}
