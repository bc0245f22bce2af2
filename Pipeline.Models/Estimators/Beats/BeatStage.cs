using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>Sees what a beat is described by; for fitting.</summary>
internal delegate void BeatObserver(double sampleIndex, ReadOnlySpan<float> features);

/// <summary>
/// Says of each beat of an ECG that the stage before it gave what it is (<see cref="BeatLabel"/>), with which probability, and how abnormal it is. Compared with the forms
/// of the patient's own beats (<see cref="BeatForms"/>), and timed by the intervals before it (<see cref="BeatIntervals"/>). Nothing after the window with which a beat comes is
/// looked at. State: 1 kB with two leads.
/// </summary>
public sealed class BeatStage : IWindowStage
{
    /// <summary>From this version of the state on it knows the sinus interval and what usual beats differ by.</summary>
    internal const int WithSinus = 2;

    /// <summary>From this version of the state on it knows the last beats.</summary>
    internal const int WithRepeat = 3;

    private readonly int[] _channels;
    private readonly double _rateHz;
    private readonly BeatScore _score;
    private readonly BeatForms _forms;
    private readonly BeatIntervals _intervals = new();
    private readonly SinusInterval _sinus = new();
    private readonly UsualDifferences _usual = new();
    private readonly BeatRepeat _repeat;
    private float _early;       // of the last beat

    /// <summary>For the ECG leads of <paramref name="channels"/>; there is at least one.</summary>
    public BeatStage(ChannelLayout channels, double rateHz)
        : this(channels, rateHz, BeatScore.Default)
    {
    }

    /// <summary>The same with other constants: to measure ones that were fitted without a recording on that recording.</summary>
    internal BeatStage(ChannelLayout channels, double rateHz, BeatScore score)
    {
        ArgumentNullException.ThrowIfNull(channels);
        _channels = LeadChoice.Spread(channels.IndicesOf(SignalKind.Ecg), EcgStage.MaxLeads);
        (_rateHz, _score, _forms, _repeat) = (rateHz, score, new BeatForms(_channels.Length), new BeatRepeat(_channels.Length));
    }

    /// <summary>Called with every beat that can be described. For fitting.</summary>
    internal BeatObserver? Observer { get; set; }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var beats = output.Beats;
        for (var b = 0; b < beats.Count; b++)
            if (beats[b].Signal == SignalKind.Ecg)
                beats[b] = Judge(window, beats[b], NextOf(beats, b));
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output) => Accept(tail, output);

    /// <summary>What the beats look like stays known; no interval spans the hole.</summary>
    public void Reset()
    {
        _intervals.Break();
        _sinus.Break();
        _repeat.Break();
        _early = 0;
    }

    /// <inheritdoc/>
    public string StateName => "beats";

    /// <inheritdoc/>
    public int StateVersion => WithRepeat;

    /// <inheritdoc/>
    public bool IsMissed => false;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _forms.Transfer(state);
        _intervals.Transfer(state);
        state.Value(ref _early);
        if (state.Version < WithSinus)
        {
            var off = 0f;       // was a feature
            state.Value(ref off);
            _early = float.IsNaN(_early) ? 0 : _early;
            return;
        }
        _sinus.Transfer(state);
        _usual.Transfer(state);
        if (state.Version >= WithRepeat)
            _repeat.Transfer(state);
    }

    private static double NextOf(List<Beat> beats, int b)
    {
        for (var next = b + 1; next < beats.Count; next++)
            if (beats[next].Signal == SignalKind.Ecg)
                return beats[next].SampleIndex;
        return double.NaN;
    }

    private Beat Judge(in Window window, in Beat beat, double next)
    {
        var cut = BeatCut.OfThread;
        cut.Take(window, _channels, beat.SampleIndex);
        var seconds = beat.SampleIndex / _rateHz;
        var timing = _intervals.Take(seconds);
        var early = _sinus.EarlyOf(seconds, timing.EarlyOfLast);
        if (cut.Leads == 0)
        {
            _sinus.Learn(seconds, false);
            _early = 0;
            return beat with { Label = BeatLabel.Unclassifiable };
        }
        // In fibrillation no beat comes early.
        var regular = early > 0 || _early > 0 ? 1 - _intervals.Fibrillation() : 1;
        var sinusEarly = early > 0 ? regular * early : early;
        var likeness = _forms.Compare(cut, timing.Early);
        _sinus.Learn(seconds, likeness.IsUsual > 0);
        Span<float> features = stackalloc float[BeatFeatures.Count];
        BeatFeatures.Describe(
            timing, (sinusEarly, regular * _sinus.Onset), double.IsNaN(next) ? float.NaN : _intervals.LateNext(next / _rateHz), likeness, _usual, (_early, regular * _early), features);
        Observer?.Invoke(beat.SampleIndex, features);
        _early = features[1];
        var (label, probability) = _score.Of(features);
        var repeat = label == BeatLabel.Ventricular ? _repeat.Of(cut) : float.NaN;
        _repeat.Learn(cut);
        return beat with { Label = label, Probability = probability, Anomaly = BeatFeatures.Anomaly(sinusEarly, likeness), Repeat = repeat };
    }
}
