using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>A rate per minute.</summary>
/// <param name="Value">NaN where there is none.</param>
/// <param name="Sigma">Standard deviation of its expected error; NaN where there is none.</param>
/// <param name="Lost">Part, 0 to 1, of the time between the window's first and last beat that lies in intervals with holes.</param>
internal readonly record struct BeatRate(double Value, double Sigma, double Lost);

/// <summary>
/// The heart rate of a window from the beats found so far. Where the signal is good, 60 over the mean of the intervals between the window's
/// beats, whatever the rhythm. Where it is not, beats are missing and false ones stand between: then the interval on which most
/// intervals, and sums of two neighbours, agree, those near the interval of the last good window before others.
/// </summary>
internal sealed class RateFromBeats
{
    /// <summary>Beats that are kept: 8 s at 300 beats/min are 40.</summary>
    public const int Kept = 64;

    private const int Bins = 72;
    private const double LeastInterval = 0.22;
    private const double LeastPerMinute = 15;
    private const double MostPerMinute = 320;
    private const int LeastBesideHoles = 3;
    private const double MostMissing = 1;   // standard error, /min, that the intervals with holes may leave
    private const double MostUneven = 0.08; // spread of the intervals of an even rhythm, part of their mean
    private const double MostOff = 0.2;     // of a multiple of them
    private const double Near = 0.12;       // intervals this near the agreed one make the mean
    private static readonly double LogStep = Math.Log(1.036);
    private readonly double _rateHz;
    private readonly double[] _beats = new double[Kept];
    private long _count, _first;            // beats before the first are forgotten
    private double _usual;                  // interval of the last good window, s; 0 when there was none
    private double _usualAt;                // its end, s

    public RateFromBeats(double rateHz) => _rateHz = rateHz;

    /// <summary>Beats taken so far.</summary>
    public long Count => _count;

    /// <summary>The oldest beat that is kept, one of the last <see cref="Kept"/>.</summary>
    public long First => Math.Max(_first, _count - Kept);

    /// <summary>Where beat <paramref name="number"/>, from <see cref="First"/> on, is.</summary>
    public double this[long number] => _beats[number % Kept];

    /// <summary>Takes a beat at <paramref name="index"/> (samples); false when it is not after the last one.</summary>
    public bool Add(double index)
    {
        if (_count > 0 && index <= _beats[(_count - 1) % Kept])
            return false;
        _beats[_count++ % Kept] = index;
        return true;
    }

    /// <summary>
    /// The rate of [<paramref name="start"/>, <paramref name="end"/>), where the signal has <paramref name="quality"/> 0 to 1 and every
    /// beat is
    /// <paramref name="believed"/> or not. Beats that are likely but not yet certain, all after the certain ones, may be given in
    /// <paramref name="likely"/>; they are not kept. An interval that spans one of <paramref name="holes"/> is none (in an even rhythm, as
    /// many as fit into it); where those that are left are too few, or too uneven for their number, there is no rate.
    /// </summary>
    public BeatRate Of(
        long start, long end, double quality, bool believed, ReadOnlySpan<double> likely = default, SampleHoles? holes = null)
    {
        var all = new WindowIntervals(stackalloc double[Kept], stackalloc double[Kept], _rateHz, start, end, holes);
        for (var b = First; b < _count; b++)
            all.Add(_beats[b % Kept]);
        foreach (var beat in likely)
            all.Add(beat);
        var intervals = all.Sound;
        var lost = all.Lost;
        var unseen = all.Unseen();
        if (intervals.Length < 2)
            return new BeatRate(double.NaN, double.NaN, lost);
        var (mean, spread) = believed ? Plain(intervals) : Agreed(intervals, end / _rateHz);
        var missing = 2 * Plain(intervals).Spread * Math.Sqrt(unseen) * 60 / mean;
        var hidden = 0;
        if (unseen > 0 && believed && all.TryFill(mean, spread, out var filled, out hidden))
            (mean, missing) = (filled, missing / 4);
        else if (lost > 0 && intervals.Length < LeastBesideHoles)
            missing = double.PositiveInfinity;
        if (hidden > 0 && intervals.Length < LeastBesideHoles)
            missing = double.PositiveInfinity;
        var rate = 60 / mean;
        if (!(rate is >= LeastPerMinute and <= MostPerMinute) || missing > MostMissing)
            return new BeatRate(double.NaN, double.NaN, lost);
        if (believed)
            (_usual, _usualAt) = (mean, end / _rateHz);
        var doubt = 1 - quality;
        return new BeatRate(rate, Math.Sqrt(rate * rate * (1e-5 + 0.1 * spread * spread + 0.15 * doubt * doubt) + missing * missing), lost);
    }

    /// <summary>No later window starts before sample <paramref name="start"/>. The last beat stays: the next comes after it.</summary>
    public void Forget(long start)
    {
        _first = First;
        while (_first < _count - 1 && _beats[_first % Kept] < start)
            _first++;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _count = _first = 0;
        _usual = _usualAt = 0;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        if (state.Version < Stages.WithoutPast)
        {
            state.Values<double>(_beats);
            state.Count(ref _count);
        }
        else
            TransferKept(state);
        state.Value(ref _usual);
        state.Value(ref _usualAt);
    }

    private void TransferKept(StateTransfer state)
    {
        state.Count(ref _count);
        var kept = (int)(_count - First);
        state.Within(ref kept, Math.Min(1, (int)Math.Min(Kept, _count)), (int)Math.Min(Kept, _count));
        if (state.Fault is not null)
            return;
        _first = _count - kept;
        state.Ring(_beats, (int)(_count % Kept), kept);
    }

    private static (double Mean, double Spread) Plain(ReadOnlySpan<double> intervals)
    {
        double sum = 0, squares = 0;
        foreach (var interval in intervals)
        {
            sum += interval;
            squares += interval * interval;
        }
        var mean = sum / intervals.Length;
        return (mean, Math.Sqrt(Math.Max(0, squares / intervals.Length - mean * mean) / intervals.Length) / mean);
    }

    private (double Mean, double Spread) Agreed(ReadOnlySpan<double> intervals, double now)
    {
        Span<float> all = stackalloc float[Bins];
        for (var i = 0; i < intervals.Length; i++)
        {
            Vote(all, intervals[i], 1);
            if (i + 1 < intervals.Length)
                Vote(all, intervals[i] + intervals[i + 1], 0.5f);
        }
        var width = 0.08 + 0.004 * Math.Min(30, now - _usualAt);
        var best = 0;
        var most = 0.0;
        for (var bin = 0; bin < Bins; bin++)
        {
            var away = _usual > 0 ? (bin * LogStep - Math.Log(_usual / LeastInterval)) / width : 0;
            var votes = all[bin] * (0.25 + Math.Exp(-away * away / 2));
            if (votes > most)
                (most, best) = (votes, bin);
        }
        return MeanNear(LeastInterval * Math.Exp(best * LogStep), intervals);
    }

    private static (double Mean, double Spread) MeanNear(double agreed, ReadOnlySpan<double> intervals)
    {
        double sum = 0, squares = 0, weights = 0;
        var count = intervals.Length;
        for (var i = 0; i < 2 * count - 1; i++)
        {
            var single = i < count;
            var interval = single ? intervals[i] : intervals[i - count] + intervals[i - count + 1];
            if (Math.Abs(interval - agreed) > Near * agreed)
                continue;
            var weight = single ? 1 : 0.5;
            weights += weight;
            sum += weight * interval;
            squares += weight * interval * interval;
        }
        var mean = sum / weights;
        return (mean, Math.Sqrt(Math.Max(0, squares / weights - mean * mean) / weights) / mean);
    }

    private static void Vote(Span<float> votes, double interval, float weight)
    {
        var bin = (int)Math.Round(Math.Log(interval / LeastInterval) / LogStep);
        ReadOnlySpan<float> kernel = [0.25f, 0.65f, 1, 0.65f, 0.25f];
        for (var k = 0; k < kernel.Length; k++)
            if (bin + k - 2 is >= 0 and < Bins)
                votes[bin + k - 2] += weight * kernel[k];
    }

    /// <summary>The intervals of a window, of beats that are given in order: sound ones, and those with holes.</summary>
    private ref struct WindowIntervals(Span<double> sound, Span<double> broken, double rateHz, long start, long end, SampleHoles? holes)
    {
        private readonly Span<double> _sound = sound, _broken = broken;
        private double _first = double.NaN, _from = double.NaN, _all, _lost;
        private int _soundCount, _brokenCount;
        private bool _isBroken;     // the last interval is in the last stretch of broken ones

        public readonly ReadOnlySpan<double> Sound => _sound[.._soundCount];

        /// <summary>Part of the time that lies in intervals with holes.</summary>
        public readonly double Lost => _all > 0 ? _lost / _all : 0;

        public void Add(double beat)
        {
            var from = _from;
            if (beat >= end)
                return;
            _from = beat;
            if (double.IsNaN(_first) && beat >= start)
                _first = beat;
            var interval = (beat - from) / rateHz;
            if (!(from >= start && interval > 0))
                return;
            _all += interval;
            if (holes?.Hide(from, beat) == true)
            {
                _lost += interval;
                if (_isBroken)
                    _broken[_brokenCount - 1] += interval;
                else if (_brokenCount < _broken.Length)
                    _broken[_brokenCount++] = interval;
                _isBroken = _brokenCount > 0;
            }
            else
            {
                _isBroken = false;
                if (interval <= 60 / LeastPerMinute && _soundCount < _sound.Length)
                    _sound[_soundCount++] = interval;
            }
        }

        /// <summary>The same with the time before the first beat and after the last one, where there are holes in it.</summary>
        public readonly double Unseen()
        {
            var (all, unseen) = (_all, _lost);
            if (holes is null || double.IsNaN(_first))
                return Lost;
            foreach (var (from, to) in (ReadOnlySpan<(double, double)>)[(start - rateHz, _first), (_from, end + rateHz)])
                if (holes.Hide(from, to))
                {
                    var edge = (Math.Min(to, end) - Math.Max(from, start)) / rateHz;
                    (all, unseen) = (all + edge, unseen + edge);
                }
            return all > 0 ? unseen / all : 0;
        }

        /// <summary>
        /// Mean interval with the beats that the holes hide, where the rhythm is even and each stretch of broken intervals is a multiple of
        /// it: so the time with holes counts, too, and breathing does not shift the mean.
        /// </summary>
        public readonly bool TryFill(double mean, double spread, out double filled, out int hidden)
        {
            (filled, hidden) = (mean, 0);
            if (spread * Math.Sqrt(_soundCount) > MostUneven)
                return false;
            var (seconds, beats) = (mean * _soundCount, (double)_soundCount);
            foreach (var stretch in _broken[.._brokenCount])
            {
                var multiple = Math.Round(stretch / mean);
                if (multiple < 1 || Math.Abs(stretch / mean - multiple) > MostOff)
                    return false;
                seconds += stretch;
                beats += multiple;
                hidden += (int)multiple - 1;
            }
            filled = seconds / beats;
            return true;
        }
    }
}
