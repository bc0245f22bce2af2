using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// Heart rate from PPG by a network. The classical stage runs beside it on the same spectra: its checks say which channels count, its
/// pulses and statuses are the output's, and its estimate stands where the network has no answer. A window with a usable PPG becomes a
/// <see cref="RateQuestion"/>; nothing in here depends on answers. The network's recurrent state is the patient's
/// (<see cref="PatientState"/>); a question says that it starts anew: after <see cref="Reset"/> and after
/// <see cref="RateFeatures.SilentWindows"/> windows without a usable PPG.
/// </summary>
public sealed class NetworkPpgStage : IWindowStage
{
    private const float MostBelow = 3;             // decades below the strongest motion so far

    private readonly PpgStage _classical;
    private readonly double _rateHz;
    private readonly WindowShape _shape;
    private RateMemory? _restoredMemory;           // out of a state of version 1, until it is taken
    private RateModel? _model;                     // null where the network does not take the stream
    private float _motionLevel = float.NegativeInfinity;
    private int _silent;
    private bool _startsAnew = true;

    /// <summary>For a stream of <paramref name="channels"/> at <paramref name="rateHz"/>; the model stays the caller's.</summary>
    /// <exception cref="ArgumentException">No PPG channel, or a rate too low.</exception>
    public NetworkPpgStage(ChannelLayout channels, double rateHz, WindowShape shape, RateModel model)
        : this(new PpgStage(channels, rateHz), rateHz, shape, model)
    {
    }

    /// <summary>Beside a <paramref name="classical"/> stage of the same stream.</summary>
    internal NetworkPpgStage(PpgStage classical, double rateHz, WindowShape shape, RateModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        (_classical, _rateHz, _shape) = (classical, rateHz, shape);
        Use(model);
    }

    /// <summary>
    /// From the next window on a heart-rate network is asked; the state of another one is not taken over
    /// (<see cref="NetworkQuestion.Begin"/>). Where it does not take the stream, the classical estimate stands.
    /// </summary>
    public void Use(INetwork network)
    {
        if (network is RateModel model)
            _model = model.FindMisfit(_rateHz, _shape) is null ? model : null;
    }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var taken = _classical.Take(window, output);
        var classical = _classical.Judge(window, taken, output, out var verdict);
        if (_model is null)
        {
            _startsAnew = true;     // a network that comes back has missed windows
            output.Estimates.Add(classical);
        }
        else if (taken.Used > 0)
            Ask(_model, taken, classical, verdict, output);
        else
        {
            _silent = Math.Min(_silent + 1, RateFeatures.SilentWindows);
            _startsAnew |= _silent == RateFeatures.SilentWindows;
            output.Estimates.Add(classical with { Model = _model.Identity });
        }
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output) => _classical.Finish(tail, output);

    /// <inheritdoc/>
    public void Reset()
    {
        _classical.Reset();
        _motionLevel = float.NegativeInfinity;
        _silent = 0;
        _startsAnew = true;
    }

    /// <inheritdoc/>
    public string StateName => "ppg-network";

    /// <inheritdoc/>
    public int StateVersion => 8;

    /// <summary>Every mutable field but the model, which the state does not choose. Version 1 held the network's recurrent state,
    /// too.</summary>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _classical.Transfer(state, Math.Max(1, state.Version - 1));
        if (state.IsReading && state.Version == 1)
            (_restoredMemory = new RateMemory()).Transfer(state);
        state.Value(ref _motionLevel);
        state.Within(ref _silent, 0, RateFeatures.SilentWindows);
        state.Value(ref _startsAnew);
    }

    /// <inheritdoc/>
    public RateMemory? TakeRestoredMemory() => Interlocked.Exchange(ref _restoredMemory, null);

    private void Ask(RateModel model, in PpgTaken taken, in Estimate classical, in PpgVerdict verdict, StageOutput output)
    {
        var scratch = PpgScratch.OfThread;
        var motion = PpgSpectra.Features(scratch, taken.Used, taken.Axes, PpgConstants.Default, scratch.Rows);
        if (float.IsFinite(motion))
            _motionLevel = Math.Max(_motionLevel, motion);
        var question = output.Ask(model);
        question.Set(_startsAnew, classical, taken.Coverage * taken.Unclipped, verdict);
        RateFeatures.Input(scratch.Rows, float.IsFinite(motion) ? Math.Max(motion - _motionLevel, -MostBelow) : 0, question.Input);
        _silent = 0;
        _startsAnew = false;
    }
}
