using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>
/// An analysis of a device's trace, from the trace's first sample to its end, and what a stage says of it: the same for a monitor's trace
/// and for one from a fetal ECG. Missing records of up to ten minutes are a hole in the trace; after a longer one it begins anew.
/// </summary>
/// <param name="analysis">The analysis.</param>
/// <param name="signals">Under which kind of signal each fetus is given.</param>
/// <param name="rateHz">Samples per second of the device.</param>
internal sealed class CtgRun(CtgAnalysis analysis, SignalKind[] signals, double rateHz)
{
    /// <summary>Longest hole.</summary>
    public const double LongestHoleSeconds = 600;

    private long _origin = -1;      // −1 before the first sample

    /// <summary>Index, in the device's epoch, of the trace's first sample.</summary>
    public long Origin => _origin;

    /// <summary>
    /// Samples from <paramref name="first"/> on follow, the last one lay before <paramref name="end"/>; true when a trace begins with them.
    /// </summary>
    public bool Begins(long first, long end, StageOutput output)
    {
        if (_origin >= 0 && first - end > LongestHoleSeconds * rateHz)
            End(output);
        if (_origin >= 0)
            return false;
        _origin = first;
        return true;
    }

    /// <summary>Adds the events that were found.</summary>
    public void AddEvents(StageOutput output)
    {
        foreach (var one in analysis.Events)
            output.Events.Add(new SignalEvent(
                one.Fetus < 0 ? SignalKind.UterineActivity : signals[one.Fetus], one.Kind,
                _origin + one.Begin * rateHz, _origin + one.End * rateHz, one.IsOver, one.Priority, one.Probability, one.Reason));
        analysis.Events.Clear();
    }

    /// <summary>Adds the features of a fetus' trace, an estimate each.</summary>
    public void AddFeatures(int fetus, StageOutput output)
    {
        var features = analysis[fetus];
        var (quality, coverage) = (Math.Clamp(1 - features.SignalLoss, 0, 1), Math.Clamp(features.Coverage, 0, 1));
        var without = features.IsLost ? EstimateStatus.Gap : features.IsWarmingUp ? EstimateStatus.WarmingUp : EstimateStatus.LowQuality;
        void Add(Metric metric, double value)
        {
            var status = double.IsNaN(value) ? without : EstimateStatus.Ok;
            output.Estimates.Add(new Estimate(signals[fetus], metric, value, double.NaN, quality, coverage, status, Stages.Classical));
        }
        Add(Metric.FetalBaseline, features.Baseline);
        Add(Metric.FetalVariability, features.Variability);
        Add(Metric.FetalShortTermVariation, features.ShortTermVariation);
        Add(Metric.SignalLoss, features.SignalLoss);
        Add(Metric.FetalCategory, features.Category == CtgCategory.None ? double.NaN : (double)features.Category);
    }

    /// <summary>The trace ends, if there is one: everything is final, what lasts is over.</summary>
    public void End(StageOutput output)
    {
        if (_origin < 0)
            return;
        analysis.Finish();
        AddEvents(output);
        analysis.Clear();
        _origin = -1;
    }

    /// <summary>Where it began; the analysis is transferred by whoever has it.</summary>
    public void Transfer(StateTransfer state) => state.Within(ref _origin, -1);
}
