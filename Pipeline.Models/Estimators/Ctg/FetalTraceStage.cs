using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>
/// The trace of a fetal ECG, analysed like a monitor's: its rates are the intervals of the fetal beats that the stage before it gave of the
/// same window. Beats of a window without a fetal heart rate make no trace. A fetal ECG has no toco: decelerations have no kind
/// (<see cref="CtgRun"/>).
/// </summary>
public sealed class FetalTraceStage : IWindowStage
{
    private const double MarkSeconds = 4;       // no beat comes later than so long after itself

    private readonly double _rateHz;
    private readonly FhrFromBeats _beats = new();
    private readonly CtgAnalysis _analysis;
    private readonly CtgRun _run;
    private readonly List<float> _rates = [];
    private long _end;              // after the last window

    /// <param name="rateHz">Samples per second of the device.</param>
    /// <param name="rules">Limits; FIGO's by default.</param>
    public FetalTraceStage(double rateHz, CtgRules? rules = null)
    {
        (_rateHz, _analysis) = (rateHz, new CtgAnalysis(FhrFromBeats.RateHz, 1, hasToco: false, rules));
        _run = new CtgRun(_analysis, [SignalKind.FetalEcg], rateHz);
    }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var hasRate = false;
        foreach (var estimate in output.Estimates)
            hasRate |= IsOk(estimate);
        foreach (var question in output.Questions)      // the beats are the classical estimator's: an answer is not waited for
            hasRate |= IsOk(question.Classical);
        Take(window, hasRate, output);
        _run.AddFeatures(0, output);
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Take(tail, hasRate: true, output);
        _run.End(output);
    }

    /// <summary>Keeps what is known: whether the trace goes on behind the hole, the next window's place tells.</summary>
    public void Reset() => _beats.Break();

    /// <inheritdoc/>
    public string StateName => "fecg-trace";

    /// <inheritdoc/>
    public int StateVersion => 1;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _run.Transfer(state);
        state.Count(ref _end);
        _beats.Transfer(state);
        _analysis.Transfer(state);
    }

    private static bool IsOk(in Estimate estimate) =>
        estimate is { Signal: SignalKind.FetalEcg, Metric: Metric.FetalHeartRate, Status: EstimateStatus.Ok };

    private void Take(in Window window, bool hasRate, StageOutput output)
    {
        var first = window.EndIndex - window.NewSampleCount;
        if (_run.Begins(first, _end, output))
            _beats.Clear();
        _end = window.EndIndex;
        foreach (var beat in output.Beats)
        {
            if (beat.Kind != BeatKind.FetalQrs)
                continue;
            if (!hasRate)
                _beats.Break();
            _beats.Take((beat.SampleIndex - _run.Origin) / _rateHz, _rates);
        }
        _beats.Pass((_end - _run.Origin) / _rateHz - MarkSeconds, _rates);
        Span<float> one = stackalloc float[1];
        foreach (var rate in _rates)
        {
            one[0] = rate;
            _analysis.Take(one, float.NaN);
        }
        _rates.Clear();
        _run.AddEvents(output);
    }
}
