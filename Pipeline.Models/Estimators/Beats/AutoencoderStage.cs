using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>
/// Asks an autoencoder about the beats that the ECG stage before it gave, in the first two leads: of each window those that lie half a second before its end or earlier, so that the whole beat is there,
/// and were not asked about; the oldest <see cref="BeatRow.Slots"/> first. One question a window, with or without beats. State: 0.3 kB.
/// </summary>
public sealed class AutoencoderStage : IWindowStage
{
    private const int MostPending = 64;         // a window of 8 s at 300 a minute has 40

    private readonly int[] _channels;
    private readonly double _rateHz;
    private readonly WindowShape _shape;
    private readonly BeatScale[] _scales;
    private readonly List<double> _pending = [];
    private BeatPace _pace;
    private bool _startsAnew = true;
    private EcgAutoencoder? _model;             // null where it does not take the stream

    /// <summary>For the ECG leads of <paramref name="channels"/>; there is at least one.</summary>
    public AutoencoderStage(ChannelLayout channels, double rateHz, WindowShape? shape, EcgAutoencoder model)
    {
        ArgumentNullException.ThrowIfNull(channels);
        _channels = LeadsOf(channels);
        (_rateHz, _shape, _scales) = (rateHz, shape ?? WindowShape.Default, new BeatScale[_channels.Length]);
        Use(model);
    }

    /// <summary>The channels that are asked about: the first two leads.</summary>
    public static int[] LeadsOf(ChannelLayout channels)
    {
        ArgumentNullException.ThrowIfNull(channels);
        var leads = LeadChoice.Spread(channels.IndicesOf(SignalKind.Ecg), EcgStage.MaxLeads);
        return leads[..Math.Min(leads.Length, BeatRow.Leads)];
    }

    /// <inheritdoc/>
    public void Use(INetwork network)
    {
        if (network is EcgAutoencoder model)
            _model = model.FindMisfit(_rateHz, _shape) is null ? model : null;
    }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        foreach (var beat in output.Beats)
            if (beat.Signal == SignalKind.Ecg && _pending.Count < MostPending)
                _pending.Add(beat.SampleIndex);
        if (_model is null)
        {
            _pending.Clear();
            return;
        }
        var question = output.Ask(_model);
        question.Set(_startsAnew, window.Coverage(), _rateHz);
        _startsAnew = false;
        var taken = 0;
        var last = window.EndIndex - BeatCut.SecondsAfter * _rateHz;
        var first = window.StartIndex + BeatCut.SecondsBefore * _rateHz;
        for (; taken < _pending.Count && _pending[taken] <= last && question.Count < BeatRow.Slots; taken++)
        {
            var early = _pace.Take(_pending[taken] / _rateHz);
            if (_pending[taken] < first && window.StartIndex > 0)
                continue;       // too many beats at once: it has left the window
            var cut = BeatCut.OfThread;
            cut.Take(window, _channels, _pending[taken]);
            if (cut.Leads != 0)
                question.Add(cut, _pending[taken], early, _scales);
        }
        _pending.RemoveRange(0, taken);
    }

    /// <summary>Beats of the last second of a stream are asked about by nobody.</summary>
    public void Finish(in Window tail, StageOutput output)
    {
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _pending.Clear();
        Array.Clear(_scales);
        _pace = default;
        _startsAnew = true;
    }

    /// <inheritdoc/>
    public string StateName => "autoencoder";

    /// <inheritdoc/>
    public int StateVersion => 1;

    /// <inheritdoc/>
    public bool IsMissed => false;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (ref var scale in _scales.AsSpan())
            scale.Transfer(state);
        _pace.Transfer(state);
        state.Value(ref _startsAnew);
        var count = _pending.Count;
        state.Within(ref count, 0, MostPending);
        if (state.IsReading)
            System.Runtime.InteropServices.CollectionsMarshal.SetCount(_pending, state.Fault is null ? count : 0);
        state.Part(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pending));
    }
}
