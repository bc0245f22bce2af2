using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>Sees what a beat is described by; for fitting.</summary>
internal delegate void BeatObserver(double sampleIndex, ReadOnlySpan<float> features);

/// <summary>
/// Says of each beat of an ECG that the stage before it gave what it is (<see cref="BeatLabel"/>), with which probability, and how abnormal it is. Compared with the forms
/// of the patient's own beats (<see cref="BeatForms"/>), and timed by the intervals before it (<see cref="BeatIntervals"/>). Nothing after the window with which a beat comes is
/// looked at. State: 0.9 kB with two leads.
/// </summary>
public sealed class BeatStage : IWindowStage
{
    private readonly int[] _channels;
    private readonly double _rateHz;
    private readonly BeatScore _score;
    private readonly BeatForms _forms;
    private readonly BeatIntervals _intervals = new();
    private float _early = float.NaN, _off = float.NaN;      // of the last beat

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
        (_rateHz, _score, _forms) = (rateHz, score, new BeatForms(_channels.Length));
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
        (_early, _off) = (float.NaN, float.NaN);
    }

    /// <inheritdoc/>
    public string StateName => "beats";

    /// <inheritdoc/>
    public int StateVersion => 1;

    /// <inheritdoc/>
    public bool IsMissed => false;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _forms.Transfer(state);
        _intervals.Transfer(state);
        state.Value(ref _early);
        state.Value(ref _off);
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
        var timing = _intervals.Take(beat.SampleIndex / _rateHz);
        if (cut.Leads == 0)
        {
            (_early, _off) = (float.NaN, float.NaN);
            return beat with { Label = BeatLabel.Unclassifiable };
        }
        var likeness = _forms.Compare(cut);
        Span<float> features = stackalloc float[BeatFeatures.Count];
        BeatFeatures.Describe(timing, double.IsNaN(next) ? float.NaN : _intervals.LateNext(next / _rateHz), likeness, (_early, _off), features);
        Observer?.Invoke(beat.SampleIndex, features);
        (_early, _off) = (features[1], features[11]);
        var (label, probability) = _score.Of(features);
        return beat with { Label = label, Probability = probability, Anomaly = BeatFeatures.Anomaly(features, likeness) };
    }
}
