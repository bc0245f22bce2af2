namespace Pipeline.Models.Estimators;

/// <summary>What is known of the accepted beats: when the last was, how far apart they are, how strong they are.</summary>
internal sealed class QrsRhythm
{
    private const int Kept = 8;
    private readonly float _rateHz;
    private readonly float[] _intervals = new float[Kept];
    private readonly float[] _sorted = new float[Kept];
    private int _intervalCount;

    public QrsRhythm(double rateHz)
    {
        _rateHz = (float)rateHz;
        Clear();
    }

    /// <summary>Beats accepted; a replacement is none.</summary>
    public int Count { get; private set; }

    /// <summary>Envelope index of the last accepted beat; far in the past when there is none.</summary>
    public long Last { get; private set; }

    /// <summary>Median of the last eight intervals of 0.25 to 2 s, in seconds; 0.8 at first.</summary>
    public float Interval { get; private set; }

    /// <summary>Beat strength of the accepted beats; 1 at first.</summary>
    public float Level { get; private set; }

    /// <summary>Steepness of the accepted beats, see <see cref="QrsFeatures"/>.</summary>
    public float Steepness { get; private set; }

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
            Count++;
        }
        Last = at;
        Level += Rate * (Math.Min(strength, Count > 1 ? 2 * Level : strength) - Level);
        Steepness += Rate * (steepness - Steepness);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Count = 0;
        _intervalCount = 0;
        Last = long.MinValue / 2;
        Interval = 0.8f;
        Level = 1;
        Steepness = 0;
    }

    private void LearnInterval(float seconds)
    {
        _intervals[_intervalCount++ % Kept] = seconds;
        var count = Math.Min(_intervalCount, Kept);
        _intervals.AsSpan(0, count).CopyTo(_sorted);
        Array.Sort(_sorted, 0, count);
        Interval = (_sorted[count / 2] + _sorted[(count - 1) / 2]) / 2;
    }
}
