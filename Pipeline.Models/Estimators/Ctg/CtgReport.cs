using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>Gives what an analysis found to a stage's output: the same for a monitor's trace and for one from a fetal ECG.</summary>
public static class CtgReport
{
    /// <summary>Adds the features of a fetus' trace, one estimate each, as estimates of <paramref name="signal"/>.</summary>
    public static void AddFeatures(in CtgFeatures features, SignalKind signal, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var (quality, coverage) = (Math.Clamp(1 - features.SignalLoss, 0, 1), Math.Clamp(features.Coverage, 0, 1));
        var without = features.IsLost ? EstimateStatus.Gap : features.IsWarmingUp ? EstimateStatus.WarmingUp : EstimateStatus.LowQuality;
        void Add(Metric metric, double value)
        {
            var status = double.IsNaN(value) ? without : EstimateStatus.Ok;
            output.Estimates.Add(new Estimate(signal, metric, value, double.NaN, quality, coverage, status, Stages.Classical));
        }
        Add(Metric.FetalBaseline, features.Baseline);
        Add(Metric.FetalVariability, features.Variability);
        Add(Metric.FetalShortTermVariation, features.ShortTermVariation);
        Add(Metric.SignalLoss, features.SignalLoss);
        Add(Metric.FetalCategory, features.Category == CtgCategory.None ? double.NaN : (double)features.Category);
    }

    /// <summary>Adds the events that <paramref name="analysis"/> found and empties its list.</summary>
    /// <param name="analysis">The analysis.</param>
    /// <param name="signals">The kind of signal of each fetus.</param>
    /// <param name="origin">Index, in the device's epoch, of the analysis' first sample.</param>
    /// <param name="rateHz">Samples per second of the device.</param>
    /// <param name="output">Where to.</param>
    public static void AddEvents(CtgAnalysis analysis, ReadOnlySpan<SignalKind> signals, long origin, double rateHz, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(analysis);
        ArgumentNullException.ThrowIfNull(output);
        foreach (var one in analysis.Events)
            output.Events.Add(new SignalEvent(
                one.Fetus < 0 ? SignalKind.UterineActivity : signals[one.Fetus], one.Kind,
                origin + one.Begin * rateHz, origin + one.End * rateHz, one.IsOver, one.Priority, one.Probability, one.Reason));
        analysis.Events.Clear();
    }
}
