using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators;

/// <summary>A window of a PPG that a heart-rate network is asked about.</summary>
public sealed class RateQuestion : NetworkQuestion
{
    private const double LeastSigma = 0.5;      // per minute: the belief's own grid is 2.5 wide

    // Network and classical estimator err on different signals. Near each other, the middle is better than either; apart, one of them has
    // lost the heart, and a sure classical one seldom: what it says stands, and nobody is to rely on it.
    private const double MostApart = 8;         // per minute
    private const double LeastClassicalQuality = 0.5;
    private const double MostQualityApart = 0.6;

    private double _usable;
    private PpgVerdict _verdict;

    internal RateQuestion(RateModel model)
        : base(model)
    {
    }

    /// <summary>
    /// The estimate, from <see cref="NetworkQuestion.Output"/>. Where that holds no number the classical estimate stands, and <paramref name="memory"/>
    /// starts anew with the next window: it would hold none either. Where the window has no pulse there is no value, whatever the network
    /// says; where it says a harmonic of the rate, or differs while samples are missing, the classical estimate stands. Where both agree,
    /// the rate is the mean of both and the quality the lower one; where they do not, that of a classical estimator which is sure, else the
    /// network's, and the quality is poor.
    /// </summary>
    public override Estimate Answered(RateMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        var (read, sigma) = RateReadout.Read(Output.AsSpan(0, RateFeatures.RateCount));
        var trust = Output[RateFeatures.RateCount];
        if (!float.IsFinite(read) || !float.IsFinite(trust))
            return Unanswered(memory);
        double rate = read;
        if (Classical.Status == EstimateStatus.Ok && _verdict.Prefers(Classical.Value, rate))
            return Classical;
        if (!_verdict.TryCorrect(ref rate))
            return new Estimate(SignalKind.Ppg, Metric.HeartRate, double.NaN, double.NaN, 0, Classical.Coverage, EstimateStatus.LowQuality, Model.Identity)
            {
                StandsStill = _verdict.StandsStill,
            };
        var quality = Math.Clamp(trust * _usable, 0, 1);
        if (Classical.Status == EstimateStatus.Ok)
        {
            quality = Math.Min(quality, Classical.Quality);
            var isApart = Math.Abs(Classical.Value - rate) > MostApart;
            if (isApart && Classical.Quality >= LeastClassicalQuality)
                return Classical with { Quality = Math.Min(quality, MostQualityApart) };
            (rate, quality) = isApart ? (rate, Math.Min(quality, MostQualityApart)) : ((rate + Classical.Value) / 2, quality);
        }
        return new Estimate(
            SignalKind.Ppg, Metric.HeartRate, rate, Math.Max(sigma, LeastSigma), quality, Classical.Coverage, EstimateStatus.Ok,
            Model.Identity);
    }

    /// <summary>What goes with the row of input.</summary>
    /// <param name="startsAnew">Whether nothing before the window counts.</param>
    /// <param name="classical">What stands where the network has no answer; its coverage is the answer's.</param>
    /// <param name="usable">Part of the samples that can be used; the network's trust times this is the quality.</param>
    /// <param name="verdict">What the window's samples allow to be said.</param>
    internal void Set(bool startsAnew, in Estimate classical, double usable, in PpgVerdict verdict) =>
        (StartsAnew, Classical, _usable, _verdict) = (startsAnew, classical, usable, verdict);
}
