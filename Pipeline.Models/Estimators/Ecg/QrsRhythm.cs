using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>What is known of the accepted beats: when the last was, how far apart they are, how strong they are.</summary>
internal sealed class QrsRhythm
{
    private const int Kept = 8;
    private readonly float _rateHz;
    private readonly float[] _intervals = new float[Kept];
    private int _intervalCount, _count;
    private long _last;
    private float _interval, _level, _steepness;

    public QrsRhythm(double rateHz)
    {
        _rateHz = (float)rateHz;
        Clear();
    }

    /// <summary>Beats accepted; a replacement is none.</summary>
    public int Count => _count;

    /// <summary>Envelope index of the last accepted beat; far in the past when there is none.</summary>
    public long Last => _last;

    /// <summary>Median of the last eight intervals of 0.25 to 2 s, in seconds; 0.8 at first.</summary>
    public float Interval => _interval;

    /// <summary>The last of those intervals over <see cref="Interval"/>; 1 at first.</summary>
    public float LastInterval => _intervalCount == 0 ? 1 : _intervals[(_intervalCount - 1) % Kept] / Interval;

    /// <summary>Mean distance of those intervals from <see cref="Interval"/>, over it: small for an even rhythm; 0 at first.</summary>
    public float Unevenness
    {
        get
        {
            float sum = 0;
            var count = Math.Min(_intervalCount, Kept);
            for (var i = 0; i < count; i++)
                sum += Math.Abs(_intervals[i] - Interval);
            return count == 0 ? 0 : sum / (count * Interval);
        }
    }

    /// <summary>Beat strength of the accepted beats; 1 at first.</summary>
    public float Level => _level;

    /// <summary>Steepness of the accepted beats, see <see cref="QrsFeatures"/>.</summary>
    public float Steepness => _steepness;

    /// <summary>Weight of a new beat in a running mean: 1, 1/2, … 1/8.</summary>
    private float Rate => Math.Max(1f / Count, 1f / Kept);

    /// <summary>Seconds from the last beat to <paramref name="at"/>, at most 10.</summary>
    public float SecondsSince(long at) => Count == 0 ? 10 : Math.Min(10, (at - Last) / _rateHz);

    /// <summary>A beat at <paramref name="at"/>, in place of the last one when <paramref name="replaces"/>.</summary>
    public void Learn(long at, bool replaces, float strength, float steepness)
    {
        if (!replaces)
        {
            if (Count > 0 && SecondsSince(at) is >= 0.25f and <= 2)
                LearnInterval(SecondsSince(at));
            _count++;
        }
        _last = at;
        _level += Rate * (Math.Min(strength, Count > 1 ? 2 * Level : strength) - Level);
        _steepness += Rate * (steepness - Steepness);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_intervals);
        _count = 0;
        _intervalCount = 0;
        _last = long.MinValue / 2;
        _interval = 0.8f;
        _level = 1;
        _steepness = 0;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<float>(_intervals);
        state.Within(ref _intervalCount, 0, int.MaxValue - 1);
        state.Within(ref _count, 0, int.MaxValue - 1);
        state.Within(ref _last, long.MinValue / 2);
        state.Value(ref _interval);
        state.Value(ref _level);
        state.Value(ref _steepness);
    }

    private void LearnInterval(float seconds)
    {
        _intervals[_intervalCount++ % Kept] = seconds;
        var count = Math.Min(_intervalCount, Kept);
        Span<float> sorted = stackalloc float[Kept];
        sorted = sorted[..count];
        _intervals.AsSpan(0, count).CopyTo(sorted);
        sorted.Sort();
        _interval = (sorted[count / 2] + sorted[(count - 1) / 2]) / 2;
    }
}
