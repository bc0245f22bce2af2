using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>
/// Baseline of a fetal heart rate: the level at which the trace stays, between accelerations and decelerations, as the likeliest path over
/// levels of 60 to 220 in steps of 15 s (Viterbi). A level's likelihood in a step is the part of its seconds that lie near it, 1 −
/// (distance / 12)² each. The path moves by 1 a step at a small cost, or to any level at the cost of 4 min spent away from the trace
/// upwards, 9 min downwards: FIGO 2015 calls a deviation a change of baseline from ten minutes on, and decelerations are the longer ones. A
/// step without signal says nothing: the path stays. The level of a step is final <see cref="Lag"/> steps later.
/// </summary>
internal sealed class CtgBaseline
{
    /// <summary>Seconds of a step.</summary>
    public const int StepSeconds = 15;

    /// <summary>Steps after which a step's level is final: 2 min.</summary>
    public const int Lag = 8;

    /// <summary>Lowest level, beats per minute, and how many there are.</summary>
    internal const int Lowest = 60, Levels = 161;

    /// <summary>Half width of a level, beats per minute.</summary>
    internal const double Width = 12;

    /// <summary>Cost of moving by one level up and down, and of a jump, in steps spent on the trace.</summary>
    internal const double DriftUp = 0.4, DriftDown = 0.7, JumpUp = 16, JumpDown = 36;

    /// <summary>
    /// Where a baseline is likely before anything is known, and what each level beyond costs: a trace may begin in a deceleration.
    /// </summary>
    internal const int LikelyLow = 125, LikelyHigh = 155;

    /// <summary>See <see cref="LikelyLow"/>; in steps spent on the trace.</summary>
    internal const double Unlikely = 0.4;

    private const int Kept = Lag + 2;
    private readonly byte[] _from = new byte[Kept * Levels];    // [steps x levels], ring: where a level's path came from
    private readonly int[] _path = new int[Kept];               // of the best path: [0] the last step
    private double[] _scores = new double[Levels];
    private double[] _next = new double[Levels];
    private long _steps;
    private int _told;      // steps with signal so far, as far as they matter

    public CtgBaseline() => Clear();

    /// <summary>Steps taken.</summary>
    public long Steps => _steps;

    /// <summary>Whether enough of the trace was seen to tell a level: 2 min with signal.</summary>
    public bool IsKnown => _told >= Lag;

    /// <summary>Takes the next step: the rates of its seconds, NaN where there is none.</summary>
    public void Take(ReadOnlySpan<float> rates)
    {
        var (up, down) = (0, 0);        // best lower and higher level to jump from: the first of equals
        var row = _from.AsSpan((int)(_steps % Kept) * Levels, Levels);
        var best = BestFromAbove(_scores);
        for (var level = 0; level < Levels; level++)
        {
            var (score, from) = (_scores[level], level);
            if (level > 0 && _scores[level - 1] - DriftUp > score)
                (score, from) = (_scores[level - 1] - DriftUp, level - 1);
            if (level + 1 < Levels && _scores[level + 1] - DriftDown > score)
                (score, from) = (_scores[level + 1] - DriftDown, level + 1);
            if (_scores[up] - JumpUp > score)
                (score, from) = (_scores[up] - JumpUp, up);
            down = best[level];
            if (_scores[down] - JumpDown > score)
                (score, from) = (_scores[down] - JumpDown, down);
            if (_scores[level] > _scores[up])
                up = level;
            row[level] = (byte)from;
            _next[level] = score + Likelihood(rates, level);
        }
        (_scores, _next) = (_next, _scores);
        _steps++;
        var there = 0;
        foreach (var rate in rates)
            there += float.IsNaN(rate) ? 0 : 1;
        if (_told < Lag && 2 * there >= rates.Length)
            _told++;
        Trace();
    }

    /// <summary>
    /// The baseline, beats per minute, of the step <paramref name="back"/> before the last one (0 to <see cref="Lag"/>): the path's mean
    /// over it and its neighbours.
    /// </summary>
    public float At(int back)
    {
        var (sum, count) = (0, 0);
        for (var at = Math.Max(0, back - 1); at <= Math.Min(back + 1, Math.Min(Kept, _steps) - 1); at++)
            (sum, count) = (sum + _path[at], count + 1);
        return Lowest + (float)sum / count;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_from);
        Array.Clear(_path);
        Array.Clear(_next);
        for (var level = 0; level < Levels; level++)
            _scores[level] = -Unlikely * Math.Max(0, Math.Max(LikelyLow - Lowest - level, Lowest + level - LikelyHigh));
        (_steps, _told) = (0, 0);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<byte>(_from);
        state.Values<double>(_scores);
        state.Count(ref _steps);
        state.Within(ref _told, 0, Lag);
        if (!state.IsReading)
            return;
        foreach (var level in _from)
            state.Check(level < Levels, $"level {level}");
        if (state.Fault is null && _steps > 0)
            Trace();
    }

    /// <summary>Likelihood of a level in a step, 0 to 1.</summary>
    internal static double Likelihood(ReadOnlySpan<float> rates, int level)
    {
        var sum = 0.0;
        foreach (var rate in rates)
        {
            var away = (rate - Lowest - level) / Width;
            if (Math.Abs(away) < 1)         // false for NaN
                sum += 1 - away * away;
        }
        return sum / StepSeconds;
    }

    // The best level above each, of equals the nearest.
    private static byte[] BestFromAbove(double[] scores)
    {
        var best = _above ??= new byte[Levels];
        best[Levels - 1] = Levels - 1;
        for (var level = Levels - 2; level >= 0; level--)
            best[level] = scores[level + 1] >= scores[best[level + 1]] ? (byte)(level + 1) : best[level + 1];
        return best;
    }

    [ThreadStatic]
    private static byte[]? _above;

    private void Trace()
    {
        var level = 0;
        for (var other = 1; other < Levels; other++)
            if (_scores[other] > _scores[level])
                level = other;
        for (var back = 0; back < Math.Min(Kept, _steps); back++)
        {
            _path[back] = level;
            level = _from[(int)((_steps - 1 - back) % Kept) * Levels + level];
        }
    }
}
