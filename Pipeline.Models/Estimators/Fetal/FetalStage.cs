using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Mother and fetus from 1 to 4 abdominal leads of a device, all together: beats of both, and both heart rates (metrics
/// <see cref="Metric.HeartRate"/> and <see cref="Metric.FetalHeartRate"/>). Of more leads four are used, spread over the layout. Rates from
/// 250 Hz; units, gains and signs do not matter. A missing sample (NaN) is bridged, a hole of 10 ms and a lead that the device says is off
/// do not count. A mark comes with the first window that ends two seconds or more after it, so at most four seconds after it.
/// </summary>
public sealed class FetalStage : IWindowStage
{
    /// <summary>Slowest rate, Hz.</summary>
    public const double MinRateHz = FetalTiming.RateHz;

    private readonly FetalEstimator _estimator;
    private readonly double _rateHz;
    private readonly WindowShape _shape;
    private FetalModel? _model;         // null where no network takes the stream

    /// <summary>Takes the abdominal leads of <paramref name="channels"/>; there is at least one.</summary>
    /// <param name="channels">The channels.</param>
    /// <param name="rateHz">Samples per second.</param>
    /// <param name="shape">The windows; null: the usual ones.</param>
    /// <param name="model">A network that is asked about each window; stays the caller's. Null: the classical estimate stands.</param>
    public FetalStage(ChannelLayout channels, double rateHz, WindowShape? shape = null, FetalModel? model = null)
        : this(channels, rateHz, shape, model, null)
    {
    }

    /// <summary>The same; <paramref name="observed"/> gets what a network would be asked.</summary>
    internal FetalStage(ChannelLayout channels, double rateHz, WindowShape? shape, FetalModel? model, FetalObserved? observed)
    {
        ArgumentNullException.ThrowIfNull(channels);
        (_rateHz, _shape) = (rateHz, shape ?? WindowShape.Default);
        var chosen = LeadChoice.Spread(channels.IndicesOf(SignalKind.FetalEcg), FetalTiming.MostLeads);
        _estimator = new FetalEstimator(chosen, Array.ConvertAll(chosen, c => LeadChoice.MillivoltIn(channels[c].Unit)), rateHz) { Observed = observed };
        if (model is not null)
            Use(model);
    }

    /// <summary>From the next window on a fetal network is asked, which begins without a past; where it does not take the stream, the
    /// classical estimate stands.</summary>
    public void Use(INetwork network)
    {
        if (network is FetalModel model)
            _model = model.FindMisfit(_rateHz, _shape) is null ? model : null;
    }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        _estimator.Accept(window, output, _model);
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        _estimator.Finish(tail, output);
    }

    /// <inheritdoc/>
    public void Reset() => _estimator.Clear();

    /// <inheritdoc/>
    public string StateName => "fecg";

    /// <inheritdoc/>
    public int StateVersion => Stages.WithoutPast;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _estimator.Transfer(state);
    }
}
