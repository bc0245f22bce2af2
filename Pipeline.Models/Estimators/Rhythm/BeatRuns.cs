using System.Numerics;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Rhythm;

/// <summary>
/// Rhythms that are told from the order of beats: pauses, slow and fast hearts, ventricular beats one after the other or every second one. Limits are those of the CinC Challenge
/// 2015 (doi:10.1109/CIC.2015.7408639). A beat at a time.
/// </summary>
internal sealed class BeatRuns
{
    /// <summary>From this version of the state on it knows which beats of a run are shown.</summary>
    public const int WithShown = 2;

    /// <summary>An interval as long is a pause, s.</summary>
    public const double PauseSeconds = 3;

    private const int SlowIntervals = 4, FastIntervals = 16, Kept = 16;
    private const double SlowestPerMinute = 40, FastestPerMinute = 140, Hysteresis = 0.05;
    private const int TachycardiaBeats = 5, ShownBeats = 4;
    private const float LeastCertainty = 0.9f, LeastRepeat = 0.8f;
    private const double TachycardiaPerMinute = 100;
    private const int Couples = 3;                      // of bigeminy
    private const double LongestSeconds = 4;            // a longer interval is none of a run

    private readonly float[] _intervals = new float[Kept];      // s; the last ones, with nothing missing in between
    private int _count, _next;
    private int _ventricular, _alternating;             // ventricular beats in a row; beats that alternate
    private uint _shown;                                // which of the last ventricular beats are (IsShown), the newest lowest
    private double _runBegin, _runEnd, _coupledBegin;
    private float _runSum;                              // of the run's probabilities
    private BeatLabel _last;

    /// <summary>
    /// Takes a beat at <paramref name="at"/>, <paramref name="interval"/> after the one before (NaN where samples are missing in between), of a signal of
    /// <paramref name="quality"/>; where that is not good, nothing but ventricular tachycardia begins.
    /// </summary>
    public void Take(double at, double interval, in Beat beat, double quality, bool isGood, RhythmEpisodes episodes, StageOutput output)
    {
        if (!(interval < LongestSeconds))
            Break(episodes, output);
        if (interval >= PauseSeconds && isGood && !episodes.Lasts(EventKind.Asystole))
            episodes.Add(EventKind.Pause, at - interval, at, quality, RhythmText.Of(EventKind.Pause, interval), output);
        if (interval < LongestSeconds)
        {
            _intervals[_next] = (float)interval;
            _next = (_next + 1) % Kept;
            _count = Math.Min(_count + 1, Kept);
        }
        TakeRate(EventKind.ExtremeBradycardia, at, SlowIntervals, SlowestPerMinute, -1, quality, isGood, episodes, output);
        TakeRate(EventKind.ExtremeTachycardia, at, FastIntervals, FastestPerMinute, 1, quality, isGood, episodes, output);
        TakeRun(at, beat, isGood, episodes, output);
        TakeAlternation(at, interval, beat, isGood, episodes, output);
        _last = beat.Label;
    }

    /// <summary>Samples are missing, or no beat comes: what was in a row is over.</summary>
    public void Break(RhythmEpisodes episodes, StageOutput output)
    {
        EndRun(isGood: true, episodes, output);
        foreach (var kind in (ReadOnlySpan<EventKind>)[EventKind.ExtremeBradycardia, EventKind.ExtremeTachycardia, EventKind.Bigeminy])
            episodes.End(kind, double.NaN, output);
        (_count, _next, _alternating, _last) = (0, 0, 0, BeatLabel.None);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<float>(_intervals);
        state.Within(ref _count, 0, Kept);
        state.Within(ref _next, 0, Kept - 1);
        state.Within(ref _ventricular, 0, int.MaxValue - 1);
        state.Within(ref _alternating, 0, int.MaxValue - 1);
        state.Value(ref _runBegin);
        state.Value(ref _runEnd);
        state.Value(ref _coupledBegin);
        state.Value(ref _runSum);
        var last = (int)_last;
        state.Within(ref last, 0, (int)BeatLabel.Unclassifiable);
        _last = (BeatLabel)last;
        if (state.Version >= WithShown)
            state.Value(ref _shown);
        else if (state.IsReading)
            _shown = uint.MaxValue;     // an older program asked for none
    }

    private void TakeRate(
        EventKind kind, double at, int intervals, double limit, int sign, double quality, bool isGood, RhythmEpisodes episodes, StageOutput output)
    {
        if (_count < intervals)
            return;
        var (rate, lasts) = (RateOf(intervals), episodes.Lasts(kind));
        if (sign * (rate - limit * (lasts ? 1 - sign * Hysteresis : 1)) <= 0)
            episodes.End(kind, double.NaN, output);
        else if (isGood || lasts)
            episodes.Continue(kind, at - 60 * intervals / rate, at, quality, rate, output);
    }

    /// <summary>Rate over the last intervals, per minute.</summary>
    private double RateOf(int intervals)
    {
        var sum = 0.0;
        for (var i = 1; i <= intervals; i++)
            sum += _intervals[(_next + Kept - i) % Kept];
        return 60 * intervals / sum;
    }

    private void TakeRun(double at, in Beat beat, bool isGood, RhythmEpisodes episodes, StageOutput output)
    {
        if (beat.Label != BeatLabel.Ventricular)
        {
            EndRun(isGood, episodes, output);
            return;
        }
        if (_ventricular++ == 0)
            (_runBegin, _runSum, _shown) = (at, 0, 0);
        _runEnd = at;
        _runSum += beat.Probability;
        _shown = _shown << 1 | (IsShown(beat) ? 1u : 0);
        if (_ventricular < TachycardiaBeats)
            return;
        var rate = RateOf(TachycardiaBeats - 1);
        if (episodes.Lasts(EventKind.VentricularTachycardia) || (rate > TachycardiaPerMinute && ShownOf(TachycardiaBeats) >= ShownBeats))
            episodes.Continue(EventKind.VentricularTachycardia, at - 60 * (TachycardiaBeats - 1) / rate, at, _runSum / _ventricular, rate, output);
    }

    private void EndRun(bool isGood, RhythmEpisodes episodes, StageOutput output)
    {
        if (episodes.Lasts(EventKind.VentricularTachycardia))
            episodes.End(EventKind.VentricularTachycardia, double.NaN, output);
        else if (_ventricular >= 2 && isGood && 2 * ShownOf(_ventricular) >= _ventricular)
        {
            var kind = _ventricular == 2 ? EventKind.Couplet : EventKind.VentricularRun;
            var rate = 60 * (_ventricular - 1) / (_runEnd - _runBegin);
            episodes.Add(kind, _runBegin, _runEnd, _runSum / _ventricular, RhythmText.Text($"{_ventricular} ventricular beats at {rate:0}/min"), output);
        }
        _ventricular = 0;
    }

    /// <summary>How many of the last <paramref name="beats"/> of the run are shown, of 32 at most.</summary>
    private int ShownOf(int beats) => BitOperations.PopCount(_shown & (uint)((1ul << Math.Min(beats, 32)) - 1));

    /// <summary>
    /// Whether a ventricular beat is more than noise: it and what is about it were surely told from other peaks, or its form is that of one of the two beats before it. Where neither is known it is.
    /// </summary>
    private static bool IsShown(in Beat beat) => !(beat.Certainty < LeastCertainty) || beat.Repeat >= LeastRepeat;

    private void TakeAlternation(double at, double interval, in Beat beat, bool isGood, RhythmEpisodes episodes, StageOutput output)
    {
        var isVentricular = beat.Label == BeatLabel.Ventricular;
        var alternates = _last != BeatLabel.None && isVentricular != (_last == BeatLabel.Ventricular);
        if (!alternates)
        {
            episodes.End(EventKind.Bigeminy, double.NaN, output);
            _alternating = 0;
            return;
        }
        if (_alternating++ == 0)
            _coupledBegin = at - interval;
        if (_alternating >= 2 * Couples - 1 && (isGood || episodes.Lasts(EventKind.Bigeminy)))
            episodes.Continue(EventKind.Bigeminy, _coupledBegin, at, beat.Probability, 0, output);
    }
}
