using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>A rate per minute with the standard deviation of its expected error; NaN, NaN where there is none.</summary>
internal readonly record struct BeatRate(double Value, double Sigma);

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
    /// <paramref name="likely"/>; they are not kept.
    /// </summary>
    public BeatRate Of(long start, long end, double quality, bool believed, ReadOnlySpan<double> likely = default)
    {
        Span<double> intervals = stackalloc double[Kept];
        var count = 0;
        var from = double.NaN;
        for (var b = First; b < _count; b++)
            count = Step(ref from, _beats[b % Kept], start, end, intervals, count);
        foreach (var beat in likely)
            count = Step(ref from, beat, start, end, intervals, count);
        if (count < 2)
            return new BeatRate(double.NaN, double.NaN);
        intervals = intervals[..count];
        var (mean, spread) = believed ? Plain(intervals) : Agreed(intervals, end / _rateHz);
        var rate = 60 / mean;
        if (!(rate is >= LeastPerMinute and <= MostPerMinute))
            return new BeatRate(double.NaN, double.NaN);
        if (believed)
            (_usual, _usualAt) = (mean, end / _rateHz);
        var doubt = 1 - quality;
        return new BeatRate(rate, rate * Math.Sqrt(1e-5 + 0.1 * spread * spread + 0.15 * doubt * doubt));
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

    private int Step(ref double from, double to, long start, long end, Span<double> intervals, int count)
    {
        var interval = (to - from) / _rateHz;
        if (from >= start && to < end && interval > 0 && interval <= 60 / LeastPerMinute && count < Kept)
            intervals[count++] = interval;
        from = to;
        return count;
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
}
