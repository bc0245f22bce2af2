using Pipeline.Models.Features;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>Makes the network's input of what was found in a window. Owns its scratch: one thread at a time.</summary>
internal sealed class FetalInput
{
    private const float CertainFrom = 0.6f, CertaintyWidth = 0.25f;     // score of even chances, and of e : 1
    private const int RateSamples = 8 * FetalTiming.RateHz, LeastIntervals = 5;
    private const float PulseHeight = 1;
    private const int PulseReach = 6;

    private readonly float[] _signal = new float[FetalTiming.WindowSamples];
    private readonly List<(float Rate, float Score)> _others = new(2 * FetalTiming.MostLeads * MaternalCancellation.Variants);

    /// <summary>Another window.</summary>
    public void Begin() => _others.Clear();

    /// <summary>Takes a track that was tried, with its score.</summary>
    public void Take(ReadOnlySpan<int> beats, float score)
    {
        var interval = Medians.OfIntervals(beats);
        if (interval > 0)
            _others.Add((60 * FetalTiming.RateHz / interval, score));
    }

    /// <summary>Writes the input [18 x 85] of a window in which no lead can be used.</summary>
    public static void WriteNone(int length, Span<float> input)
    {
        input.Clear();
        FetalFeatures.Likelihood(double.NaN, 0, FetalFeatures.Row(input, RateFeatures.LikelihoodRow));
        FetalFeatures.Position(FetalFeatures.Row(input, FetalFeatures.PositionRow));
        FetalFeatures.Row(input, FetalFeatures.ScoreRow).Fill(-1);
        FetalFeatures.Row(input, FetalFeatures.LengthRow).Fill(length / (float)FetalTiming.WindowSamples);
    }

    /// <summary>Writes the input [18 x 85] of a window.</summary>
    /// <param name="work">Holds the residuals of the window.</param>
    /// <param name="mother">The mother's beats.</param>
    /// <param name="fetal">The fetus's beats; none where none is found.</param>
    /// <param name="hypothesis">The heart that was found beside the larger one, which may be none; the fetus's, unless they were
    /// exchanged.</param>
    /// <param name="isInQuestion">Whether their rates leave open whose heart is whose.</param>
    /// <param name="input">Gets it.</param>
    public void Write(
        FetalWorkspace work, ReadOnlySpan<int> mother, ReadOnlySpan<int> fetal, FetalHypothesis hypothesis, bool isInQuestion, Span<float> input)
    {
        var signals = work.Residuals[hypothesis.IsThere ? hypothesis.Variant : 0].Finished(work.Level);
        var signal = _signal.AsSpan(0, signals.Length);
        WriteNone(signals.Length, input);
        for (var lead = 0; lead < signals.Count; lead++)
        {
            signals[lead].CopyTo(signal);
            FetalFeatures.AddLead(FetalFeatures.Envelope(signal, work.Level), lead, signals.Count, input);
        }
        FetalFeatures.Row(input, FetalFeatures.LeadsRow).Fill(signals.Count / (float)FetalTiming.MostLeads);
        WriteMother(work, mother, signal, input);
        foreach (var (rate, score) in _others)
            FetalFeatures.Raise(FetalFeatures.Row(input, FetalFeatures.OtherRow), rate, Math.Clamp(score, 0, 2));
        if (hypothesis.IsThere)
            WriteTrack(work, signals, hypothesis, mother, fetal, signal, input);
        FetalFeatures.Row(input, FetalFeatures.OpenRow).Fill(isInQuestion ? 1 : 0);
    }

    private static void WriteMother(FetalWorkspace work, ReadOnlySpan<int> mother, Span<float> signal, Span<float> input)
    {
        signal.Clear();
        foreach (var at in mother)
            signal[Math.Max(0, at - PulseReach)..Math.Min(signal.Length, at + PulseReach + 1)].Fill(PulseHeight);
        FetalFeatures.Likeness(FetalFeatures.Envelope(signal, work.Level), 1, FetalFeatures.Row(input, FetalFeatures.MotherRow));
        if (mother.Length > 2)
            FetalFeatures.Raise(FetalFeatures.Row(input, FetalFeatures.DoubleRow), 2 * 60 * FetalTiming.RateHz / (double)Medians.OfIntervals(mother), 1);
    }

    private static void WriteTrack(
        FetalWorkspace work, SignalRows signals, FetalHypothesis hypothesis, ReadOnlySpan<int> mother, ReadOnlySpan<int> fetal, Span<float> signal, Span<float> input)
    {
        LagCovariance.Apply(signals, hypothesis.Filter, signal);
        work.Tracking.Strengthen(signal);
        var envelope = FetalFeatures.Envelope(signal, work.Level);
        ReadOnlySpan<double> times = [1, 2, 0.5];
        for (var i = 0; i < times.Length; i++)
            FetalFeatures.Likeness(envelope, times[i], FetalFeatures.Row(input, FetalFeatures.OutputRow + i));
        var track = HeartTrack.Of(fetal, Math.Max(0, signals.Length - RateSamples), LeastIntervals);
        FetalFeatures.Likelihood(track.Rate, Certainty(hypothesis.Score), FetalFeatures.Row(input, RateFeatures.LikelihoodRow));
        FetalFeatures.Row(input, FetalFeatures.ScoreRow).Fill(Math.Clamp(hypothesis.Score, -1, 3));
        FetalFeatures.Row(input, FetalFeatures.NearRow).Fill(BeatContrast.ShareNear(fetal, mother, FetalTiming.SameBeatSamples));
    }

    private static float Certainty(float score) => 1 / (1 + MathF.Exp((CertainFrom - score) / CertaintyWidth));
}
