using Pipeline.Models.Features;
using Pipeline.Models.Packages;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// A window of abdominal leads that a fetal network is asked about. What the leads allow is the classical stage's to say (status, coincidence, the mother), and so is a rate that it is sure of; the
/// network objects to one that it finds to be wrong, and gives one where the classical stage has none.
/// </summary>
public sealed class FetalQuestion : NetworkQuestion
{
    internal const double SureToObject = 0.8, SureAlone = 0.9;
    private const double Alike = 0.1;               // part of the rate
    private const double NearHers = 6;              // per minute
    private const double LeastSigma = 1;            // per minute: the belief's own grid is 2.5 wide

    private double _mother;

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
        return float.IsFinite(rate) && float.IsFinite(trust) ? Join(Classical, _mother, rate, sigma, trust, Model.Identity) : Unanswered(memory);
    }

    /// <summary>The joined estimate.</summary>
    /// <param name="classical">The classical one.</param>
    /// <param name="mother">The mother's rate, per minute; NaN where it is not known.</param>
    /// <param name="rate">The network's rate, per minute.</param>
    /// <param name="sigma">Standard deviation of its belief.</param>
    /// <param name="trust">Chance that it is right, by the network, 0 to 1.</param>
    /// <param name="identity">Name and version of the network.</param>
    internal static Estimate Join(in Estimate classical, double mother, double rate, double sigma, double trust, string identity)
    {
        if (classical.Status == EstimateStatus.Ok)
            return trust < SureToObject || Math.Abs(classical.Value - rate) <= Alike * classical.Value
                ? classical
                : classical with { Value = double.NaN, Sigma = double.NaN, Quality = Math.Min(classical.Quality, 1 - trust), Status = EstimateStatus.LowQuality, Model = identity };
        if (classical.Status != EstimateStatus.LowQuality || trust < SureAlone || IsHers(rate, mother))
            return classical;
        return classical with { Value = rate, Sigma = Math.Max(sigma, LeastSigma), Quality = trust, Status = EstimateStatus.Ok, Model = identity };
    }

    internal void Set(bool startsAnew, in Estimate classical, double mother) => (StartsAnew, Classical, _mother) = (startsAnew, classical, mother);

    /// <summary>Whether the rate is the mother's, or her double: a rate that the classical stage does not confirm may be left over of her.</summary>
    private static bool IsHers(double rate, double mother) => Math.Abs(rate - mother) <= NearHers || Math.Abs(rate - 2 * mother) <= NearHers;
}
