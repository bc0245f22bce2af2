namespace Pipeline.Models.Estimators;

/// <summary>A rate per minute with the standard deviation of its expected error; NaN, NaN where there is none.</summary>
internal readonly record struct BeatRate(double Value, double Sigma);

/// <summary>
/// The heart rate of a window from the beats found so far: 60 over the mean of the intervals between its beats. Where the signal is poor,
/// intervals far from their median are taken for missed or false beats and left out.
/// </summary>
internal sealed class RateFromBeats
{
    private const int Kept = 64;            // 8 s at 300 beats/min are 40
    private const double LeastPerMinute = 15;
    private const double MostPerMinute = 320;
    private readonly double _rateHz;
    private readonly double[] _beats = new double[Kept];
    private readonly double[] _intervals = new double[Kept];
    private readonly double[] _sorted = new double[Kept];
    private long _count;

    public RateFromBeats(double rateHz) => _rateHz = rateHz;

    /// <summary>Takes a beat at <paramref name="index"/> (samples); false when it is not after the last one.</summary>
    public bool Add(double index)
    {
        if (_count > 0 && index <= _beats[(_count - 1) % Kept])
            return false;
        _beats[_count++ % Kept] = index;
        return true;
    }

    /// <summary>
    /// The rate of [<paramref name="start"/>, <paramref name="end"/>), where the signal has <paramref name="quality"/> 0 to 1. Beats that are
    /// likely but not yet certain, all after the certain ones, may be given in <paramref name="likely"/>; they are not kept.
    /// </summary>
    public BeatRate Of(long start, long end, double quality, ReadOnlySpan<double> likely = default)
    {
        var count = 0;
        var from = double.NaN;
        for (var b = Math.Max(0, _count - Kept); b < _count; b++)
            count = Step(ref from, _beats[b % Kept], start, end, count);
        foreach (var beat in likely)
            count = Step(ref from, beat, start, end, count);
        if (count < 2)
            return new BeatRate(double.NaN, double.NaN);
        Array.Copy(_intervals, _sorted, count);
        Array.Sort(_sorted, 0, count);
        var median = (_sorted[count / 2] + _sorted[(count - 1) / 2]) / 2;
        // A clean signal is believed whatever its rhythm; the band closes as the quality falls.
        var band = quality >= 0.8 ? double.PositiveInfinity : 1.3 + quality;
        double sum = 0, squares = 0;
        var used = 0;
        for (var i = 0; i < count; i++)
        {
            var interval = _intervals[i];
            if (interval > median * band || interval < median / band)
                continue;
            used++;
            sum += interval;
            squares += interval * interval;
        }
        var mean = sum / used;
        var rate = 60 / mean;
        if (rate is < LeastPerMinute or > MostPerMinute)
            return new BeatRate(double.NaN, double.NaN);
        var spread = Math.Sqrt(Math.Max(0, squares / used - mean * mean) / used) / mean;
        var doubt = 1 - quality;
        var sigma = rate * Math.Sqrt(1e-5 + 0.1 * spread * spread + 0.1 * doubt * doubt * doubt + 0.02 * (count - used) / count);
        return new BeatRate(rate, sigma);
    }

    private int Step(ref double from, double to, long start, long end, int count)
    {
        var interval = (to - from) / _rateHz;
        if (from >= start && to < end && interval > 0 && interval <= 60 / LeastPerMinute && count < Kept)
            _intervals[count++] = interval;
        from = to;
        return count;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _count = 0;
}
