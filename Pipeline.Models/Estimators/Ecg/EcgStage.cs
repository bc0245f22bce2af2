using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// Heart rate, signal quality and R peaks from the ECG leads of a device, all leads together. The rate of a window is 60 over the mean of
/// the R-R intervals that lie in it (those that a missed or false beat made are left out where the signal is poor). A missing sample (NaN)
/// is bridged; a lead that the device says is off counts as missing. At most <see cref="MaxLeads"/> leads are used, spread over the layout.
/// Rates from 100 Hz; above 450 Hz samples are averaged in groups first. A beat depends on nothing more than 1 s after it.
/// <para>
/// Between two windows the state lies packed, in the bytes of a snapshot, which are a half of what the <see cref="EcgEstimator"/> takes
/// that works with it: so a patient is small, and a capture is a copy.
/// </para>
/// </summary>
public sealed class EcgStage : IWindowStage
{
    /// <summary>Most leads that are used.</summary>
    public const int MaxLeads = 4;

    /// <summary>Slowest rate at which QRS complexes can be told apart, Hz.</summary>
    public const double MinRateHz = 80;

    /// <summary>Quality from which a heart rate can be used without looking at the trace.</summary>
    public const double UsableQuality = 0.5;

    /// <summary>From this version of the state on a lead keeps what its beats had, and how far it is trusted.</summary>
    internal const int WithTrust = 4;

    private const int Slack = 32;       // the state's length changes with the beats of a window

    [ThreadStatic]
    private static StateTransfer? _transfer;

    private readonly EcgForm _form;
    private QrsNetwork? _network;
    private string _decidedBy = Stages.Classical;
    private byte[] _state = [];
    private int _length;                // of the state; 0: nothing is known

    /// <summary>
    /// Takes the ECG channels of <paramref name="channels"/>; there is at least one. <paramref name="model"/> decides what is a beat, where
    /// it takes the rate; else the rule does.
    /// </summary>
    public EcgStage(ChannelLayout channels, double rateHz, QrsModel? model = null)
    {
        ArgumentNullException.ThrowIfNull(channels);
        _form = EcgForm.Of(channels, rateHz);
        if (model is not null)
            Use(model);
    }

    /// <summary>The same with other constants or weights: to measure ones that were fitted without a recording on that recording.</summary>
    internal EcgStage(ChannelLayout channels, double rateHz, QrsScore score, QrsNetwork? network)
    {
        ArgumentNullException.ThrowIfNull(channels);
        _form = new EcgForm(channels, rateHz, score);
        _network = network;
    }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var estimator = Unpack();
        estimator.Accept(window, output, _decidedBy);
        Pack(estimator);
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var estimator = Unpack();
        estimator.Finish(tail, output);
        Pack(estimator);
    }

    /// <summary>
    /// From the next window on a QRS network decides what is a beat, where it takes the rate; else the rule does. Beats that are
    /// certain stay, and so does all that is known of the signal: a network has no state of its own.
    /// </summary>
    public void Use(INetwork network)
    {
        if (network is not QrsModel model)
            return;
        var fits = model.FindMisfit(_form.RateHz) is null;
        _network = fits ? model.Network : null;
        _decidedBy = fits ? model.Identity : Stages.Classical;
    }

    /// <inheritdoc/>
    public void Reset() => _length = 0;

    /// <inheritdoc/>
    public string StateName => "ecg";

    /// <inheritdoc/>
    public int StateVersion => WithTrust;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (!state.IsReading)
        {
            if (_length == 0)
                Pack(Unpack());
            state.Part(_state.AsSpan(0, _length));
            return;
        }
        var estimator = EcgEstimator.OfThread(_form);
        estimator.Transfer(state);
        if (state.Fault is null)
            Pack(estimator);
    }

    private EcgEstimator Unpack()
    {
        var estimator = EcgEstimator.OfThread(_form);
        estimator.Network = _network;
        if (_length == 0)
            return estimator;
        var transfer = _transfer ??= new StateTransfer();
        transfer.BeginReading(_state.AsMemory(0, _length), StateVersion);
        estimator.Transfer(transfer);
        return transfer.EndReading() is not { } fault
            ? estimator
            : throw new InvalidOperationException($"An ECG's state is not read as it was written: {fault}");
    }

    private void Pack(EcgEstimator estimator)
    {
        var transfer = _transfer ??= new StateTransfer();
        transfer.BeginWriting(StateVersion);
        estimator.Transfer(transfer);
        var written = transfer.Written;
        if (_state.Length < written.Length)
            _state = new byte[written.Length + Slack];
        written.CopyTo(_state);
        _length = written.Length;
    }
}
