using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Rhythm;

/// <summary>
/// Episodes of the rhythm, as events with begin and end, from what the stages before it said of the same window: labelled beats of an ECG and the window's status, or the pulses of a
/// PPG, of which only irregularity counts. A poor signal begins no episode but asystole, ventricular fibrillation and ventricular
/// tachycardia; of a PPG its pulses are passed over. State: 0.5 kB.
/// </summary>
public sealed class RhythmStage : IWindowStage
{
    /// <summary>Least quality of a window for an episode that noise can make.</summary>
    public const double LeastQuality = 0.5;

    /// <summary>Probability from which intervals are said to be those of atrial fibrillation.</summary>
    internal const double Fibrillates = 0.8;

    private const int WithPoor = BeatRuns.WithShown + 1;    // version of the state from which on it says whether the PPG was poor
    private const double AsystoleSeconds = 4;
    private const double CertainSeconds = 1;            // no beat comes later than so long after itself
    private const double FibrillatesStill = 0.4;        // probability down to which atrial fibrillation goes on
    private const double LongestPoor = 30;              // s of a poor PPG, after which it is not known whether an episode lasts
    private static readonly double HalfWindow = IrregularIntervals.Kept / 2.0;      // intervals, after which irregular ones are half of those looked at

    private readonly SignalKind _signal;
    private readonly double _rateHz;
    private readonly LeadSilence? _silence;             // null of a PPG
    private readonly RhythmEpisodes _episodes;
    private readonly BeatRuns _runs = new();
    private readonly IrregularIntervals _irregular = new();
    private double _lastBeat = double.NaN, _interval;   // s; the mean interval of late
    private bool _isBroken = true;
    private bool _isPoor;                               // the last window, of a PPG

    /// <summary>For the beats of the ECG, or of the PPG, of a device.</summary>
    public RhythmStage(ChannelLayout channels, double rateHz, SignalKind signal)
    {
        ArgumentNullException.ThrowIfNull(channels);
        (_signal, _rateHz, _episodes) = (signal, rateHz, new RhythmEpisodes(signal, rateHz));
        if (signal == SignalKind.Ecg)
            _silence = new LeadSilence(LeadChoice.Spread(channels.IndicesOf(SignalKind.Ecg), EcgStage.MaxLeads));
    }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var (quality, status) = StatusOf(output);
        if (_signal == SignalKind.Ppg && (status != EstimateStatus.Ok || quality < LeastQuality))
        {
            PassOver(window, output);
            return;
        }
        TakeBeats(window, quality, output);
        if (_silence is not null)
            TakeArrest(window, status, output);
        if (!_irregular.IsFull)
            return;
        var probability = _irregular.Probability();
        var end = double.IsNaN(_lastBeat) ? window.EndIndex / _rateHz : _lastBeat;
        var half = HalfWindow * _interval;
        if (probability < (_episodes.Lasts(EventKind.AtrialFibrillation) ? FibrillatesStill : Fibrillates))
            _episodes.End(EventKind.AtrialFibrillation, end - half, output);
        else if (quality >= LeastQuality || _episodes.Lasts(EventKind.AtrialFibrillation))
            _episodes.Continue(EventKind.AtrialFibrillation, end - half, end, probability, probability, output);
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (!_isPoor)
            TakeBeats(tail, 1, output);
        _runs.Break(_episodes, output);
        _episodes.EndAll(output);
    }

    /// <summary>Samples are missing for a window: no interval spans them. What lasts is over with the next window.</summary>
    public void Reset()
    {
        _isBroken = true;
        _irregular.Clear();
    }

    /// <inheritdoc/>
    public string StateName => "rhythm";

    /// <inheritdoc/>
    public int StateVersion => WithPoor;

    /// <inheritdoc/>
    public bool IsMissed => false;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _silence?.Transfer(state);
        _episodes.Transfer(state);
        _runs.Transfer(state);
        _irregular.Transfer(state);
        state.Value(ref _lastBeat);
        state.Value(ref _interval);
        state.Value(ref _isBroken);
        if (state.Version >= WithPoor)
            state.Value(ref _isPoor);
    }

    /// <summary>
    /// Pulses of a poor PPG are movement or noise: no interval is taken of them, and none spans them. What lasts is over where it was
    /// last seen, once that is long ago.
    /// </summary>
    private void PassOver(in Window window, StageOutput output)
    {
        _isPoor = true;
        if (!_isBroken && !(window.EndIndex / _rateHz - _lastBeat > LongestPoor))
            return;
        _irregular.Clear();
        _episodes.EndAll(output);
    }

    private void TakeBeats(in Window window, double quality, StageOutput output)
    {
        if (_isBroken)
        {
            _runs.Break(_episodes, output);
            _episodes.EndAll(output);
            _lastBeat = double.NaN;
            _isBroken = false;
        }
        foreach (var beat in output.Beats)
        {
            if (beat.Signal != _signal)
                continue;
            var at = beat.SampleIndex / _rateHz;
            var interval = _isPoor ? double.NaN : at - _lastBeat;
            _silence?.Learn(window, beat.SampleIndex);
            if (_silence is not null)
                _runs.Take(at, interval, beat, quality, quality >= LeastQuality, _episodes, output);
            _episodes.End(EventKind.Asystole, at, output);
            _irregular.Take(interval);
            _interval = double.IsNaN(interval) ? _interval : _interval <= 0 ? interval : _interval + (interval - _interval) / HalfWindow;
            (_lastBeat, _isPoor) = (at, false);
        }
    }

    /// <summary>Asystole where the leads are silent since the last beat; fibrillation where the window's status says so.</summary>
    private void TakeArrest(in Window window, EstimateStatus status, StageOutput output)
    {
        var (start, end) = (window.StartIndex / _rateHz, window.EndIndex / _rateHz);
        var since = double.IsNaN(_lastBeat) ? end : end - _lastBeat;
        var isSilent = since >= AsystoleSeconds && _silence!.Since(window, _lastBeat * _rateHz);     // of an ECG alone; no beat of the last second waits to be certain
        if (isSilent || (status == EstimateStatus.Asystole && !(_lastBeat > start)))
        {
            _runs.Break(_episodes, output);
            var begin = double.IsNaN(_lastBeat) ? start : _lastBeat;
            var seen = isSilent ? end : end - CertainSeconds;
            _episodes.Continue(EventKind.Asystole, begin, seen, 0.9, seen - begin, output);
        }
        if (status == EstimateStatus.VentricularFibrillation)
            _episodes.Continue(EventKind.VentricularFibrillation, start, end, 0.9, 0, output);
        else
            _episodes.End(EventKind.VentricularFibrillation, double.NaN, output);
    }

    private (double Quality, EstimateStatus Status) StatusOf(StageOutput output)
    {
        foreach (var estimate in output.Estimates)
            if (estimate.Signal == _signal && estimate.Metric == Metric.HeartRate)
                return (estimate.Quality, estimate.Status);
        foreach (var question in output.Questions)      // what a network is asked about: the classical estimate of the same window
            if (question.Classical.Signal == _signal && question.Classical.Metric == Metric.HeartRate)
                return (question.Classical.Quality, question.Classical.Status);
        return (0, EstimateStatus.WarmingUp);
    }
}
