using Pipeline.Models.Features;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// A window of abdominal leads that a fetal network is asked about. What the leads allow is the classical stage's to say (status,
/// coincidence, the mother), and rates are those of its beats: the network objects to a rate that it finds to be wrong, and confirms one
/// that the stage is not sure of. So a window with a rate has beats of that rate.
/// </summary>
public sealed class FetalQuestion : NetworkQuestion
{
    internal const double SureToObject = 0.8, SureToConfirm = 0.9;
    private const double Alike = 0.1;               // part of the rate
    private const int LeastLeads = 3;               // to confirm: in fewer a wrong track may be as steady as a right one
    private const double NearHers = 6;              // per minute
    private const double LeastSigma = 1;            // per minute: the belief's own grid is 2.5 wide

    private FetalTaken _taken;

    internal FetalQuestion(FetalModel model)
        : base(model)
    {
    }

    /// <inheritdoc/>
    public override Estimate Answered(RateMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        var (rate, sigma) = RateReadout.Read(Output.AsSpan(0, RateFeatures.RateCount));
        var trust = Output[RateFeatures.RateCount];
        return float.IsFinite(rate) && float.IsFinite(trust) ? Join(_taken, rate, sigma, trust, Model.Identity) : Unanswered(memory);
    }

    /// <summary>The joined estimate.</summary>
    /// <param name="taken">What the classical stage says.</param>
    /// <param name="rate">The network's rate, per minute.</param>
    /// <param name="sigma">Standard deviation of its belief.</param>
    /// <param name="trust">Chance that it is right, by the network, 0 to 1.</param>
    /// <param name="identity">Name and version of the network.</param>
    internal static Estimate Join(in FetalTaken taken, double rate, double sigma, double trust, string identity)
    {
        var classical = taken.Classical;
        var isAlike = Math.Abs(taken.Track - rate) <= Alike * rate;
        if (classical.Status == EstimateStatus.Ok)
            return isAlike || trust < SureToObject
                ? classical
                : classical with { Value = double.NaN, Sigma = double.NaN, Quality = Math.Min(classical.Quality, 1 - trust), Status = EstimateStatus.LowQuality, Model = identity };
        if (classical.Status != EstimateStatus.LowQuality || taken.Leads < LeastLeads || !isAlike || trust < SureToConfirm || IsHers(rate, taken.Mother))
            return classical;
        return classical with { Value = taken.Track, Sigma = Math.Max(sigma, LeastSigma), Quality = trust, Status = EstimateStatus.Ok, Model = identity };
    }

    internal void Set(bool startsAnew, in FetalTaken taken) => (StartsAnew, Classical, _taken) = (startsAnew, taken.Classical, taken);

    /// <summary>Whether the rate is the mother's, or her double: a rate that the classical stage does not confirm may be left over of
    /// her.</summary>
    private static bool IsHers(double rate, double mother) => Math.Abs(rate - mother) <= NearHers || Math.Abs(rate - 2 * mother) <= NearHers;
}
