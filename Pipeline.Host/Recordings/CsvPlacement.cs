namespace Pipeline.Host.Recordings;

/// <summary>
/// Puts timed rows onto the even grid of samples: sample n lies at n / rate after the first row. Causal by whole seconds: the samples of a
/// second depend on no row after its end, so that a longer recording begins like a shorter one.
/// </summary>
internal sealed class CsvPlacement(CsvClock clock, int signalCount)
{
    private readonly float[] _before = new float[signalCount];   // the row before the newest
    private readonly float[] _newest = new float[signalCount];
    private readonly float[] _oldest = new float[signalCount];   // the row before that: for the slope at a second's end
    private double _oldestTime = double.NaN;
    private double _beforeTime = double.NaN;
    private double _newestTime = double.NaN;
    private long _next;       // the next sample to hand out
    private long _newestAt;   // even rows: the sample that the newest row is
    private bool _isHandedOut = true;

    public bool IsEnded { get; private set; }

    /// <summary>Takes a row; all samples before it were handed out. Seconds since the first row; NaN: it follows the last one.</summary>
    public void Place(double seconds, ReadOnlySpan<float> values)
    {
        if (clock.Timing == CsvTiming.Uneven)
        {
            Shift();
            _newestTime = seconds;
            values.CopyTo(_newest);
            return;
        }
        var offset = double.IsNaN(seconds) ? 0 : seconds * clock.RateHz - _next;
        if (offset < -clock.SlackSamples)
            return;   // faster than the rate that was judged: the sample has no place
        _newestAt = offset > clock.SlackSamples ? (long)Math.Round(seconds * clock.RateHz) : _next;
        values.CopyTo(_newest);
        _isHandedOut = false;
    }

    /// <summary>No row follows.</summary>
    public void End()
    {
        Shift();
        _newestTime = double.PositiveInfinity;
        IsEnded = true;
    }

    /// <summary>The next sample that the rows so far decide; false when another row is needed, or none is left.</summary>
    public bool TryNext(Span<float> samples)
    {
        if (clock.Timing == CsvTiming.Uneven)
            return TryInterpolate(samples);
        if (_isHandedOut)
            return false;
        if (_next < _newestAt)
            samples.Fill(float.NaN);
        else
        {
            _newest.CopyTo(samples);
            _isHandedOut = true;
        }
        _next++;
        return true;
    }

    private bool TryInterpolate(Span<float> samples)
    {
        var time = _next / clock.RateHz;
        if (double.IsNaN(_newestTime))
            return false;
        if (double.IsNaN(_beforeTime))   // the first row is sample 0
        {
            if (_next > 0)
                return false;
            _newest.CopyTo(samples);
            _next++;
            return true;
        }
        if (time > _newestTime || (IsEnded && time > _beforeTime + 0.5 / clock.RateHz))
            return false;
        if (_newestTime < Math.Floor(time) + 1)
            Interpolate(time, samples);
        else
            Extrapolate(time, samples);
        _next++;
        return true;
    }

    private void Interpolate(double time, Span<float> samples)
    {
        if (_newestTime - _beforeTime > CsvClock.GapIntervals / clock.RateHz && time < _newestTime)
        {
            samples.Fill(float.NaN);
            return;
        }
        var part = _newestTime > _beforeTime ? (float)((time - _beforeTime) / (_newestTime - _beforeTime)) : 1;
        for (var s = 0; s < samples.Length; s++)
            samples[s] = _before[s] + part * (_newest[s] - _before[s]);
    }

    // The newest row comes after the second's end: the two rows before it go on in a straight line.
    private void Extrapolate(double time, Span<float> samples)
    {
        if (time - _beforeTime > CsvClock.GapIntervals / clock.RateHz)
        {
            samples.Fill(float.NaN);
            return;
        }
        var step = _beforeTime - _oldestTime;
        var isRun = step * clock.RateHz is > 0.5 and <= CsvClock.GapIntervals;
        var part = isRun ? (float)Math.Min(1, (time - _beforeTime) / step) : 0;
        for (var s = 0; s < samples.Length; s++)
            samples[s] = _before[s] + part * (_before[s] - _oldest[s]);
    }

    private void Shift()
    {
        _before.CopyTo(_oldest, 0);
        _newest.CopyTo(_before, 0);
        (_oldestTime, _beforeTime) = (_beforeTime, _newestTime);
    }
}
