using System.Numerics.Tensors;
using Pipeline.Models.Filters;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// What the decision on a candidate is made from: its strength, its likeness to earlier beats, the time since the last beat, what stands
/// around it within the look-ahead, and how noisy the leads are; with products, so that likeness counts where there is noise and strength
/// where there is none. Leads enter with their weights.
/// </summary>
internal sealed class QrsFeatures
{
    /// <summary>How many there are; the first is constant 1.</summary>
    public const int Count = 44;

    /// <summary>Steepness of the candidate: logarithm of its band-passed wave over its whole swing, small for T waves.</summary>
    public float Steepness { get; private set; }

    /// <summary>Best likeness to any template, −1 to 1.</summary>
    public float Match { get; private set; }

    /// <summary>What a plain threshold would say: positive for a beat.</summary>
    public float Rule { get; private set; }

    /// <summary>How high the strength is between the beats around the candidate, 0 to 1.</summary>
    public float Busy { get; private set; }

    /// <summary>Likeness to the usual beat, −1 to 1.</summary>
    public float Usual { get; private set; }

    /// <summary>How much flatter than the last beats it is: the logarithm of the steepness over theirs.</summary>
    public float Flatter { get; private set; }

    /// <summary>Tenths of a second for which the strength stays above half of its peak.</summary>
    public float Width { get; private set; }

    /// <summary>Logarithm of how far the beats stand out from the noise.</summary>
    public float Clarity { get; private set; }

    /// <summary>Logarithm of the greatest strength before it over its own, of 0.1 to 0.3 s after, and of what is seen after that.</summary>
    public float Before { get; private set; }

    /// <summary>See <see cref="Before"/>.</summary>
    public float After { get; private set; }

    /// <summary>See <see cref="Before"/>.</summary>
    public float Later { get; private set; }

    private readonly QrsTiming _timing;
    private readonly QrsLead[] _leads;
    private readonly QrsShape[] _shapes;
    private readonly float[] _weights;
    private readonly QrsStrength _strength;
    private readonly QrsRhythm _rhythm;

    public QrsFeatures(QrsSignal signal)
    {
        (_timing, _leads, _shapes, _weights) = (signal.Timing, signal.Leads, signal.Shapes, signal.Weights);
        (_strength, _rhythm) = (signal.Strength, signal.Rhythm);
    }

    /// <summary>The features of the candidate at <paramref name="at"/> into <paramref name="x"/>.</summary>
    public void Describe(long at, Span<float> x)
    {
        var t = _timing;
        var strength = _strength[at];
        float usual = 0, other = 0, previous = 0, clarity = 0, steepness = 0;
        for (var l = 0; l < _leads.Length; l++)
        {
            var weight = _weights[l];
            if (weight <= 0)
                continue;
            var shape = _shapes[l];
            shape.See(_leads[l], at);
            usual += weight * shape.UsualMatch;
            other += weight * shape.OtherMatch;
            previous += weight * shape.PreviousMatch;
            clarity += weight * _leads[l].Clarity;
            steepness += weight * MathF.Log((shape.Peak + 1e-12f) / (Swing(_leads[l], at) + 1e-12f));
        }
        Steepness = steepness;
        Usual = usual;
        Clarity = clarity;
        Match = Math.Max(usual, Math.Max(other, previous));
        var first = _rhythm.Count == 0;
        var since = _rhythm.SecondsSince(at);
        var phase = since / _rhythm.Interval;
        var early = Math.Max(0, 1 - phase);
        var size = Log(strength / _rhythm.Level, 3);
        var from = at - t.Of(Math.Min(0.42, 0.75 * _rhythm.Interval));
        var before = Before = Log((_strength.Largest(from, at - t.Of(0.1)) + 0.02f) / strength, 2);
        var after = After = Log((_strength.Largest(at + t.Of(0.1), at + t.Of(0.3)) + 0.02f) / strength, 2);
        var later = Later = Log((_strength.Largest(at + t.Of(0.3), at + t.LookAhead) + 0.02f) / strength, 2);
        var busy = Busy = Busyness(at);
        var flatter = Flatter = first ? 0 : steepness - _rhythm.Steepness;
        Rule = Threshold(strength / _rhythm.Level, since, phase);
        var rule = Math.Clamp(Rule, -1, 0.5f);

        x[0] = 1;
        x[1] = Log(strength, 3);
        x[2] = size;
        x[3] = usual;
        x[4] = other;
        x[5] = previous;
        x[6] = early;
        x[7] = Math.Clamp(phase - 1, 0, 1.5f);
        x[8] = Math.Max(0, 0.36f - since) / 0.36f;
        x[9] = Math.Max(0, 0.25f - since) / 0.25f;
        x[10] = Math.Min(Math.Abs(phase - 1), 1);
        x[11] = before;
        x[12] = after;
        x[13] = later;
        x[14] = Math.Max(0, before);
        x[15] = Math.Max(0, after);
        x[16] = Math.Max(0, later);
        x[17] = steepness;
        x[18] = flatter;
        x[19] = Width = WidthOf(at, strength);
        x[20] = clarity;
        x[21] = busy;
        x[22] = rule;
        x[23] = 1f / (1 + _rhythm.Count);
        x[24] = _rhythm.Interval;
        x[25] = Match;
        x[26] = Match * Match;
        x[27] = Match * busy;
        x[28] = usual * busy;
        x[29] = size * busy;
        x[30] = early * busy;
        x[31] = before * busy;
        x[32] = later * busy;
        x[33] = rule * busy;
        x[34] = flatter * busy;
        x[35] = x[10] * busy;
        x[36] = Match * clarity;
        x[37] = size * clarity;
        x[38] = early * Match;
        x[39] = before * early;
        x[40] = size * early;
        x[41] = flatter * early;
        x[42] = Match * size;
        x[43] = busy * busy;
    }

    /// <summary>The plain threshold: half a usual beat, less after a pause, more soon after a beat.</summary>
    private static float Threshold(float relative, float since, float phase)
    {
        if (since < 0.36f && relative < 0.6f)
            return -1;
        return relative - (phase > 1.5f ? 0.2f : 0.38f);
    }

    /// <summary>
    /// How high the strength is between the beats around: 0 for a thirtieth of a beat, 1 for a whole one, by the logarithm.
    /// </summary>
    private float Busyness(long at)
    {
        var floor = _strength.Quantile(0.3f, at - _timing.Of(0.6), at + _timing.LookAhead);
        return Math.Clamp(1 + MathF.Log10(floor / _rhythm.Level + 0.01f) / 1.5f, 0, 1);
    }

    /// <summary>Tenths of a second for which the strength stays above half of its peak.</summary>
    private float WidthOf(long at, float strength)
    {
        var limit = _timing.Of(50 / 360.0);
        int left = 0, right = 0;
        while (left < limit && _strength[at - left - 1] > strength / 2)
            left++;
        while (right < limit && _strength[at + right + 1] > strength / 2)
            right++;
        return (left + right) * 10 / (float)_timing.RateHz;
    }

    /// <summary>The largest distance, within ±140 ms, from the mean over half a second.</summary>
    private float Swing(QrsLead lead, long at)
    {
        int half = _timing.Of(0.139), wide = _timing.Baseline / 2;
        Span<float> samples = stackalloc float[2 * (half + wide) + 1];
        Span<float> means = stackalloc float[2 * half + 1];
        lead.CopySamples(at - half - wide, samples);
        RunningSums.Means(samples, wide, means, stackalloc double[samples.Length + 1]);
        TensorPrimitives.Subtract(samples.Slice(wide, means.Length), means, means);
        return Math.Abs(TensorPrimitives.MaxMagnitude<float>(means));
    }

    private static float Log(float ratio, float limit) => Math.Clamp(MathF.Log(ratio), -limit, limit);
}
