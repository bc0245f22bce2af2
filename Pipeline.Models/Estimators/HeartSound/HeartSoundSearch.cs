using System.Numerics;

namespace Pipeline.Models.Estimators.HeartSound;

/// <summary>
/// Finds the heart sounds of a window: for every rate of <see cref="HeartSoundRates"/> the row of first sounds, each followed by a second one, that
/// explains the envelope best (a duration-dependent hidden Markov model in Viterbi's form, as in Schmidt et al., Physiol. Meas. 2010;31:513-529 and
/// Springer et al., IEEE Trans. Biomed. Eng. 2016;63:822-832, of which the two silences are what lies between). A frame speaks for a sound by
/// the logarithm of its power between a low and a high quantile of the window. One instance a thread: nothing of it is a stream's state.
/// </summary>
internal sealed class HeartSoundSearch
{
    /// <summary>Frames of a window.</summary>
    public const int Frames = HeartSoundBand.KeptSeconds * HeartSoundRates.FramesPerSecond;

    internal const int BinsInFrame = HeartSoundBand.BinsPerSecond / HeartSoundRates.FramesPerSecond;
    private const double LowQuantile = 0.35, HighQuantile = 0.92, Middle = 0.55;
    private const float LeastRange = 0.3f;      // of the logarithm of an amplitude
    internal const float MostLogOdds = 1.2f;
    private const float Never = -1e9f;
    private const double EdgeIntervals = 1.2;   // the first and the last sound lie at most as far from the window's ends
    private const int Pad = 176;                // longest interval of the slowest rate, and more
    private const float SamePlace = 4;          // score of a first sound where one was found before

    [ThreadStatic]
    private static HeartSoundSearch? _ofThread;

    private readonly float[] _level = new float[Frames];
    private readonly float[] _sorted = new float[Frames];
    private readonly float[] _odds = new float[Frames];             // of one frame
    private readonly float[] _sound = new float[Frames + Pad];      // of three frames about one
    private readonly float[] _pair = new float[Frames];
    private readonly float[] _best = new float[Pad + Frames];
    private readonly int[] _back = new int[Frames];
    private readonly float[] _scores = new float[HeartSoundRates.Count];
    private readonly int[] _firsts = new int[Frames];
    private readonly int[] _seconds = new int[Frames];

    private HeartSoundSearch()
    {
    }

    /// <summary>The thread's own.</summary>
    public static HeartSoundSearch OfThread => _ofThread ??= new HeartSoundSearch();

    /// <summary>Score of each rate after <see cref="Take"/>: the log-odds of its best row of sounds against silence.</summary>
    public ReadOnlySpan<float> Scores => _scores;

    /// <summary>Log-odds of a sound in each frame, −1.2 to 1.2; 0 where samples are missing.</summary>
    public ReadOnlySpan<float> Odds => _odds;

    /// <summary>Logarithm of each frame's amplitude; NaN where samples are missing.</summary>
    public ReadOnlySpan<float> Levels => _level;

    /// <summary>Difference of the high and the low quantile of <see cref="Levels"/>.</summary>
    public float Range { get; private set; }

    /// <summary>Frames of the first sounds that <see cref="Follow"/> found, ascending.</summary>
    public ReadOnlySpan<int> Firsts => _firsts.AsSpan(0, Count);

    /// <summary>Frames of the second sound after each of them; it may lie after the window.</summary>
    public ReadOnlySpan<int> Seconds => _seconds.AsSpan(0, Count);

    /// <summary>Number of first sounds found.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Takes a window's <paramref name="power"/> in bins and scores all rates; false where there is too little of it. <paramref name="known"/>:
    /// the frame of a first sound that was given out, or −1.
    /// </summary>
    public bool Take(ReadOnlySpan<float> power, int known)
    {
        if (!TakeLevels(power))
            return false;
        for (var t = 0; t < Frames; t++)
            _sound[t] = _odds[t] + (t > 0 ? _odds[t - 1] : 0) + (t + 1 < Frames ? _odds[t + 1] : 0);
        Known = known;
        for (var rate = 0; rate < _scores.Length; rate++)
            _scores[rate] = Score(rate, keepsPath: false).Score;
        return true;
    }

    /// <summary>Finds the row of sounds at <paramref name="rate"/>.</summary>
    public void Follow(int rate)
    {
        var at = Score(rate, keepsPath: true).End;
        Count = 0;
        for (; at >= 0; at = _back[at] == 0 ? -1 : at - _back[at])
            _firsts[Count++] = at;
        _firsts.AsSpan(0, Count).Reverse();
        ref readonly var expected = ref HeartSoundRates.At(rate);
        for (var b = 0; b < Count; b++)
        {
            var (best, place) = (float.NegativeInfinity, 0);
            for (var s = 0; s < expected.Systoles.Length; s++)
                if (_sound[_firsts[b] + expected.LeastSystole + s] + expected.Systoles[s] > best)
                    (best, place) = (_sound[_firsts[b] + expected.LeastSystole + s] + expected.Systoles[s], s);
            _seconds[b] = _firsts[b] + expected.LeastSystole + place;
        }
    }

    private int Known { get; set; }

    private bool TakeLevels(ReadOnlySpan<float> power)
    {
        var most = 0f;
        foreach (var one in power)
            most = one > most ? one : most;
        if (!(most > 0))
            return false;
        var count = 0;
        for (var t = 0; t < Frames; t++)
        {
            var sum = 0f;
            for (var b = 0; b < BinsInFrame; b++)
                sum += power[t * BinsInFrame + b];
            _level[t] = 0.5f * MathF.Log(sum / BinsInFrame + 1e-12f * most);
            if (float.IsFinite(_level[t]))
                _sorted[count++] = _level[t];
        }
        if (count < Frames / 4)
            return false;
        Array.Sort(_sorted, 0, count);
        var (low, high) = (_sorted[(int)(LowQuantile * (count - 1))], _sorted[(int)(HighQuantile * (count - 1))]);
        Range = high - low;
        var middle = low + (float)Middle * Range;
        var scale = 2 / Math.Max(Range, LeastRange);
        for (var t = 0; t < Frames; t++)
            _odds[t] = float.IsFinite(_level[t]) ? Math.Clamp((_level[t] - middle) * scale, -MostLogOdds, MostLogOdds) : 0;
        return true;
    }

    /// <summary>The best row's score and its last first sound, −1 where there is none.</summary>
    private (float Score, int End) Score(int rate, bool keepsPath)
    {
        ref readonly var expected = ref HeartSoundRates.At(rate);
        TakePairs(expected);
        _best.AsSpan(0, Pad).Fill(Never);
        var edge = EdgeIntervals * expected.Period;
        ReadOnlySpan<float> intervals = expected.Intervals;
        var longest = expected.LeastInterval + intervals.Length - 1;
        var (score, end) = (float.NegativeInfinity, -1);
        for (var t = 0; t < Frames; t++)
        {
            var before = _best.AsSpan(Pad + t - longest, intervals.Length);
            var best = Largest(before, intervals);
            var starts = t < edge && best <= 0;
            if (keepsPath)
                _back[t] = starts || best <= Never / 2 ? 0 : longest - PlaceOf(best, before, intervals);
            _best[Pad + t] = _pair[t] + (starts ? 0 : best);
            if (t >= Frames - edge && _best[Pad + t] > score)
                (score, end) = (_best[Pad + t], t);
        }
        return (score, end);
    }

    /// <summary>What a first sound in each frame, and the second that suits it best, say together.</summary>
    private void TakePairs(in HeartSoundRates.Expected expected)
    {
        var pair = _pair.AsSpan();
        pair.Fill(Never);
        for (var s = 0; s < expected.Systoles.Length; s++)
        {
            var second = _sound.AsSpan(expected.LeastSystole + s, Frames);
            var own = new Vector<float>(expected.Systoles[s]);
            for (var t = 0; t < Frames; t += Vector<float>.Count)
                Vector.Max(new Vector<float>(pair[t..]), new Vector<float>(second[t..]) + own).CopyTo(pair[t..]);
        }
        for (var t = 0; t < Frames; t += Vector<float>.Count)
            (new Vector<float>(pair[t..]) + new Vector<float>(_sound, t)).CopyTo(pair[t..]);
        for (var t = Math.Max(0, Known - 1); t <= Known + 1 && Known >= 0 && t < Frames; t++)
            pair[t] += SamePlace;
    }

    private static float Largest(ReadOnlySpan<float> before, ReadOnlySpan<float> intervals)
    {
        var largest = float.NegativeInfinity;
        var i = 0;
        if (before.Length >= Vector<float>.Count)
        {
            var all = new Vector<float>(float.NegativeInfinity);
            for (; i <= before.Length - Vector<float>.Count; i += Vector<float>.Count)
                all = Vector.Max(all, new Vector<float>(before[i..]) + new Vector<float>(intervals[i..]));
            for (var lane = 0; lane < Vector<float>.Count; lane++)
                largest = Math.Max(largest, all[lane]);
        }
        for (; i < before.Length; i++)
            largest = Math.Max(largest, before[i] + intervals[i]);
        return largest;
    }

    private static int PlaceOf(float value, ReadOnlySpan<float> before, ReadOnlySpan<float> intervals)
    {
        for (var i = before.Length - 1; i > 0; i--)
            if (before[i] + intervals[i] == value)
                return i;
        return 0;
    }
}
