using System.Runtime.Intrinsics;

namespace Pipeline.Models.Estimators.HeartSound;

/// <summary>
/// Finds the heart sounds of a window: for every rate of <see cref="HeartSoundRates"/> the row of first sounds, each followed by a second
/// one, that explains the envelope best (a duration-dependent hidden Markov model in Viterbi's form, as in Schmidt et al., Physiol. Meas.
/// 2010;31:513-529 and Springer et al., IEEE Trans. Biomed. Eng. 2016;63:822-832, of which the two silences are what lies between). A frame
/// speaks for a sound by the logarithm of its power between a low and a high quantile of the window. One instance a thread: nothing of it
/// is a stream's state.
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
    private const int Lanes = 8;                // Vector256 of float32, in software where the processor has none
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

    /// <summary>Difference of the high and the low quantile of the levels of the frames.</summary>
    public float Range { get; private set; }

    /// <summary>Frames of the first sounds that <see cref="Follow"/> found, ascending.</summary>
    public ReadOnlySpan<int> Firsts => _firsts.AsSpan(0, Count);

    /// <summary>Frames of the second sound after each of them; it may lie after the window.</summary>
    public ReadOnlySpan<int> Seconds => _seconds.AsSpan(0, Count);

    /// <summary>Number of first sounds found.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Takes a window's <paramref name="power"/> in bins and scores all rates; false where there is too little of it.
    /// <paramref name="known"/>: the frame of a first sound that was given out, or −1.
    /// </summary>
    public bool Take(ReadOnlySpan<float> power, int known)
    {
        if (!TakeLevels(power))
            return false;
        for (var t = 0; t < Frames; t++)
            _sound[t] = _odds[t] + (t > 0 ? _odds[t - 1] : 0) + (t + 1 < Frames ? _odds[t + 1] : 0);
        Known = known;
        for (var rate = 0; rate < _scores.Length; rate++)
            _scores[rate] = Score(rate).Score;
        return true;
    }

    /// <summary>Finds the row of sounds at <paramref name="rate"/>.</summary>
    public void Follow(int rate)
    {
        var at = Score(rate).End;
        ref readonly var expected = ref HeartSoundRates.At(rate);
        for (Count = 0; at >= 0; at = Before(at, expected))
            _firsts[Count++] = at;
        _firsts.AsSpan(0, Count).Reverse();
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

    /// <summary>The best row's score and its last first sound, −1 where there is none. Eight frames at a time: no interval is as
    /// short.</summary>
    private (float Score, int End) Score(int rate)
    {
        ref readonly var expected = ref HeartSoundRates.At(rate);
        TakePairs(expected);
        _best.AsSpan(0, Pad).Fill(Never);
        var intervals = expected.Intervals;
        var edge = EdgeIntervals * expected.Period;
        var first = Pad - expected.LeastInterval - intervals.Length + 1;        // of the sound before the one in frame 0
        for (var t = 0; t < Frames; t += Lanes)
        {
            // Two chains of maxima: one would wait for itself.
            var (even, odd) = (Starts(t, edge), Vector256.Create(Never));
            for (var i = 0; i < intervals.Length; i++)
            {
                var one = Vector256.LoadUnsafe(ref _best[first + t + i]) + Vector256.Create(intervals[i]);
                if (++i < intervals.Length)
                    odd = Vector256.Max(odd, Vector256.LoadUnsafe(ref _best[first + t + i]) + Vector256.Create(intervals[i]));
                even = Vector256.Max(even, one);
            }
            (Vector256.Max(even, odd) + Vector256.LoadUnsafe(ref _pair[t])).StoreUnsafe(ref _best[Pad + t]);
        }
        var (score, end) = (float.NegativeInfinity, -1);
        for (var t = (int)Math.Ceiling(Frames - edge); t < Frames; t++)
            if (_best[Pad + t] > score)
                (score, end) = (_best[Pad + t], t);
        return (score, end);
    }

    /// <summary>0 in frames from <paramref name="t"/> on in which a row may begin.</summary>
    private static Vector256<float> Starts(int t, double edge)
    {
        if (t + Lanes <= edge || t >= edge)
            return Vector256.Create(t >= edge ? Never : 0);
        Span<float> starts = stackalloc float[Lanes];
        for (var lane = 0; lane < Lanes; lane++)
            starts[lane] = t + lane < edge ? 0 : Never;
        return Vector256.Create<float>(starts);
    }

    /// <summary>The first sound before the one in frame <paramref name="at"/>, by the rate that was scored last; −1 where the row begins
    /// there.</summary>
    private int Before(int at, in HeartSoundRates.Expected expected)
    {
        var (best, place) = (at < EdgeIntervals * expected.Period ? 0 : Never, -1);
        for (var i = 0; i < expected.Intervals.Length; i++)
        {
            var from = at - expected.LeastInterval - expected.Intervals.Length + 1 + i;
            if (from >= 0 && _best[Pad + from] + expected.Intervals[i] is var score && score > best)
                (best, place) = (score, from);
        }
        return place;
    }

    /// <summary>What a first sound in each frame, and the second that suits it best, say together.</summary>
    private void TakePairs(in HeartSoundRates.Expected expected)
    {
        for (var t = 0; t < Frames; t += Lanes)
        {
            var second = Vector256.Create(Never);
            for (var s = 0; s < expected.Systoles.Length; s++)
                second = Vector256.Max(second, Vector256.LoadUnsafe(ref _sound[t + expected.LeastSystole + s]) + Vector256.Create(expected.Systoles[s]));
            (second + Vector256.LoadUnsafe(ref _sound[t])).StoreUnsafe(ref _pair[t]);
        }
        for (var t = Math.Max(0, Known - 1); t <= Known + 1 && Known >= 0 && t < Frames; t++)
            _pair[t] += SamePlace;
    }
}
