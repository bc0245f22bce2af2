using Pipeline.Models.Filters;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.HeartSound;

/// <summary>
/// Power of a phonocardiogram between 30 and 150 Hz, where the first and second heart sounds have most of theirs, in bins of 10 ms that are
/// numbered from the epoch's sample 0. Missing samples (NaN) repeat the last one; a bin of which half is missing is NaN. Works at the
/// signal's own rate.
/// </summary>
internal sealed class HeartSoundBand
{
    /// <summary>Bins of a second.</summary>
    public const int BinsPerSecond = 100;

    /// <summary>Seconds that are kept.</summary>
    public const int KeptSeconds = 8;

    private const int MeanBins = 4 * BinsPerSecond;
    private const int Kept = KeptSeconds * BinsPerSecond;
    private const double LowHz = 30, HighHz = 150;
    private const double MostOfRate = 0.4;      // upper edge of a slow signal, part of its rate

    // A Butterworth low-pass of order 4 is two of order 2 of these quality factors; ours are of 0.71 each, a little less steep.
    private readonly Biquad _high, _low;
    private readonly double _binsPerSample;
    private BiquadDelays _one, _two, _three;
    private SampleHistory _power = new(Kept, 1);
    private double _sum, _wideSum, _last;
    private double _narrow, _wide;  // power of the band, and of all above its lower edge; means over seconds
    private int _present, _total;
    private long _first = -1;       // number of the first bin that is kept or was

    public HeartSoundBand(double rateHz)
    {
        _high = Biquad.HighPass(LowHz, rateHz);
        _low = Biquad.LowPass(Math.Min(HighHz, MostOfRate * rateHz), rateHz);
        _binsPerSample = BinsPerSecond / rateHz;
        DelaySeconds = 2 * _low.DelayAtZero / rateHz;
    }

    /// <summary>By how much what the bins show lies after what was heard.</summary>
    public double DelaySeconds { get; }

    /// <summary>Number of the bin after the last whole one; −1 before the first sample.</summary>
    public long End => _first < 0 ? -1 : _first + _power.Count;

    /// <summary>Logarithm of the power above 30 Hz over that of the band, of the last seconds: heart sounds have most of theirs in it,
    /// speech has not.</summary>
    public double Brightness => _narrow > 0 ? Math.Log(Math.Max(1, _wide / _narrow)) : 0;

    /// <summary>Seconds since the first sample.</summary>
    public double Seconds => (double)_power.Count / BinsPerSecond;

    /// <summary>Takes the next samples, from sample <paramref name="index"/> on.</summary>
    public void Take(long index, ReadOnlySpan<float> samples)
    {
        if (_first < 0)
            _first = (long)(index * _binsPerSample);
        var end = End;
        for (var i = 0; i < samples.Length; i++)
        {
            if ((long)((index + i) * _binsPerSample) > end)
            {
                Close();
                end++;
            }
            var isPresent = float.IsFinite(samples[i]);
            if (isPresent)
                _last = samples[i];
            var wide = _high.Next(_last, ref _one);
            var value = _low.Next(_low.Next(wide, ref _two), ref _three);
            _total++;
            if (!isPresent)
                continue;
            _present++;
            _sum += value * value;
            _wideSum += wide * wide;
        }
    }

    /// <summary>
    /// The bins before <paramref name="end"/> as far as <paramref name="power"/> reaches back; NaN where there is none.
    /// </summary>
    public void CopyTo(Span<float> power, long end)
    {
        var from = end - power.Length - _first;     // in the history's count
        var oldest = Math.Max(_power.Oldest, 0);
        for (var i = 0; i < power.Length; i++)
            power[i] = from + i >= oldest && from + i < _power.Count ? _power[from + i] : float.NaN;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        (_one, _two, _three) = (default, default, default);
        _power.Clear();
        (_sum, _wideSum, _last, _present, _total, _first) = (0, 0, 0, 0, 0, -1);
        (_narrow, _wide) = (0, 0);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        _one.Transfer(state);
        _two.Transfer(state);
        _three.Transfer(state);
        _power.Transfer(state);
        state.Value(ref _sum);
        state.Value(ref _wideSum);
        state.Value(ref _narrow);
        state.Value(ref _wide);
        state.Value(ref _last);
        state.Value(ref _present);
        state.Value(ref _total);
        state.Within(ref _first, -1);
    }

    private void Close()
    {
        Span<float> one = [2 * _present >= _total && _present > 0 ? (float)(_sum / _present) : float.NaN];
        _power.WriteAhead(one);
        _power.Reveal(1);
        if (_present > 0)
        {
            var part = 1.0 / Math.Min(_power.Count, MeanBins);
            _narrow += part * (_sum / _present - _narrow);
            _wide += part * (_wideSum / _present - _wide);
        }
        (_sum, _wideSum, _present, _total) = (0, 0, 0, 0);
    }
}
