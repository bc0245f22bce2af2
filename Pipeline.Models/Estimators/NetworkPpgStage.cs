using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators;

/// <summary>
/// Heart rate from PPG by a network. The classical stage runs beside it on the same spectra: its checks say which channels count, its pulses
/// and statuses are the output's, and its estimate stands where the network's answer is no number. The network's state is the stream's own:
/// it starts anew with <see cref="Reset"/> and after <see cref="RateFeatures.SilentWindows"/> windows without a usable PPG.
/// </summary>
public sealed class NetworkPpgStage : IWindowStage
{
    private const double LeastSigma = 0.5;         // per minute: the belief's own grid is 2.5 wide
    private const float MostBelow = 3;             // decades below the strongest motion so far

    private readonly PpgStage _classical;
    private readonly RateModel _model;
    private readonly float[] _state;
    private float _motionLevel = float.NegativeInfinity;
    private int _silent;

    /// <summary>For a stream of <paramref name="channels"/> at <paramref name="rateHz"/>; the model stays the caller's.</summary>
    /// <exception cref="ArgumentException">No PPG channel, or a rate too low.</exception>
    public NetworkPpgStage(ChannelLayout channels, double rateHz, RateModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        _classical = new PpgStage(channels, rateHz);
        _model = model;
        _state = new float[model.StateLength];
    }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var taken = _classical.Take(window, output);
        var classical = _classical.Judge(window, taken);
        if (taken.Used == 0)
        {
            _silent++;
            output.Estimates.Add(classical with { Model = _model.Identity });
            return;
        }
        if (_silent >= RateFeatures.SilentWindows)
            Forget();
        _silent = 0;
        output.Estimates.Add(Ask(taken, classical));
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output) => _classical.Finish(tail, output);

    /// <inheritdoc/>
    public void Reset()
    {
        _classical.Reset();
        _motionLevel = float.NegativeInfinity;
        _silent = 0;
        Forget();
    }

    private void Forget() => Array.Clear(_state);

    private Estimate Ask(in PpgTaken taken, in Estimate classical)
    {
        var scratch = PpgScratch.OfThread;
        var motion = PpgSpectra.Features(scratch, taken.Used, taken.Axes, scratch.Rows);
        if (float.IsFinite(motion))
            _motionLevel = Math.Max(_motionLevel, motion);
        RateFeatures.Input(scratch.Rows, float.IsFinite(motion) ? Math.Max(motion - _motionLevel, -MostBelow) : 0, scratch.Input);
        _model.Forward(scratch.Input, _state, scratch.Answer);

        var belief = scratch.Answer.AsSpan(0, RateFeatures.RateCount);
        var trust = scratch.Answer[RateFeatures.RateCount];
        var (rate, sigma) = RateReadout.Read(belief);
        if (!float.IsFinite(rate) || !float.IsFinite(trust))
        {
            Forget();   // numbers that no sensor gives: the state holds them too
            return classical;
        }
        var quality = Math.Clamp(trust * taken.Coverage * taken.Unclipped, 0, 1);
        return new Estimate(
            SignalKind.Ppg, Metric.HeartRate, rate, Math.Max(sigma, LeastSigma), quality, taken.Coverage, EstimateStatus.Ok, _model.Identity);
    }
}
