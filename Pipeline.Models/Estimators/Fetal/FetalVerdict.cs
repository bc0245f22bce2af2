using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>Makes the two estimates of a window: rates with their σ, quality and status.</summary>
internal sealed class FetalVerdict
{
    /// <summary>Quality from which there is a value.</summary>
    public const double UsableQuality = 0.5;

    /// <summary>Most quality while it is open which heart is whose, or the track does not hold through the window.</summary>
    private const double OpenQuality = 0.4;

    private const double RateSeconds = 8, LeastSeconds = 4;
    private const float MaternalUsable = 0.5f, FetalUsable = 0.6f, HersFrom = 0;
    private const int LeastFetalIntervals = 5, LeastMaternalIntervals = 3;
    private readonly Coincidence _coincidence = new();
    private float _before = float.PositiveInfinity;      // score of the window before; infinite: there was none

    /// <summary>The mother's estimate, and what is known of the fetus's.</summary>
    public (Estimate Mother, FetalTaken Fetus) Say(
        in FoundHearts found, FetalWorkspace work, ReadOnlySpan<int> mother, ReadOnlySpan<int> fetal, in QualityVerdict leads, double seconds)
    {
        var from = Math.Max(0, found.Length - (int)(RateSeconds * FetalTiming.RateHz));
        var (ofMother, ofFetus) = (HeartTrack.Of(mother, from, LeastMaternalIntervals), HeartTrack.Of(fetal, from, LeastFetalIntervals));
        var score = found.Length == 0 ? BeatSearch.Nothing : found.Score;
        // Two windows in a row: chance seldom looks like a fetus twice.
        var (grade, fetalGrade) = (Grade(MaternalContrast(found, work, mother), MaternalUsable), Grade(Math.Min(score, _before), FetalUsable));
        _before = score;
        if (!found.IsWhole)
            fetalGrade = Math.Min(fetalGrade, OpenQuality);
        if (found.IsOpen)
            (grade, fetalGrade) = (Math.Min(grade, OpenQuality), Math.Min(fetalGrade, OpenQuality));
        var mayBeBeats = score >= HersFrom;     // below it the track is chance
        var isCoincidence = _coincidence.Next(
            mayBeBeats && MaternalLikeness.AreHers(fetal, mother, from), grade >= UsableQuality ? ofMother.Rate : double.NaN,
            mayBeBeats ? ofFetus.Rate : double.NaN, fetalGrade >= UsableQuality);
        var hers = Of(Metric.HeartRate, ofMother, grade, leads, seconds, isCoincidence: false);
        return (hers, new FetalTaken(Of(Metric.FetalHeartRate, ofFetus, fetalGrade, leads, seconds, isCoincidence), hers.Value, ofFetus.Rate, System.Numerics.BitOperations.PopCount((uint)found.Leads)));
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _coincidence.Clear();
        _before = float.PositiveInfinity;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        _coincidence.Transfer(state);
        state.Value(ref _before);
    }

    private static float MaternalContrast(in FoundHearts found, FetalWorkspace work, ReadOnlySpan<int> mother)
    {
        if (found.Length == 0)
            return BeatSearch.Nothing;
        var strength = work.Candidate.AsSpan(0, found.Length);
        return work.Search.TryCompare(work.Maternal.AsSpan(0, found.Length), mother, BeatForm.Mother.Half, strength)
            ? work.Contrast.Of(mother, strength, default, default).Contrast
            : BeatSearch.Nothing;
    }

    private static double Grade(float score, double usable) => 1 / (1 + Math.Exp((usable - score) / 0.25));

    private static Estimate Of(Metric metric, in HeartTrack track, double quality, in QualityVerdict leads, double seconds, bool isCoincidence)
    {
        quality *= leads.Value;
        var status = leads.Fault != EstimateStatus.Ok ? leads.Fault
            : seconds < LeastSeconds ? EstimateStatus.WarmingUp
            : isCoincidence ? EstimateStatus.Coincidence
            : quality >= UsableQuality && !double.IsNaN(track.Rate) ? EstimateStatus.Ok : EstimateStatus.LowQuality;
        var isOk = status == EstimateStatus.Ok;
        var sigma = 0.3 + 3 * (1 - quality);
        return new Estimate(SignalKind.FetalEcg, metric, isOk ? track.Rate : double.NaN, isOk ? sigma : double.NaN, quality, leads.Coverage, status, Stages.Classical);
    }
}
