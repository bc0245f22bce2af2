using Pipeline.Models.Estimators.Ctg;

namespace Pipeline.Tests.Ctg;

/// <summary>
/// The analysis once more, plainly: whole records in arrays, nothing streamed and nothing shared with the product but its constants.
/// </summary>
internal static class NaiveCtg
{
    /// <summary>The samples that are no artefacts; NaN for the others.</summary>
    public static float[] Usable(float[] samples, double rateHz)
    {
        var confirm = (int)Math.Round(2.5 * rateHz);
        var usable = new float[samples.Length];
        Array.Fill(usable, float.NaN);
        var (level, levelAt, pending) = (float.NaN, 0, new List<int>());
        for (var i = 0; i < samples.Length; i++)
        {
            if (!(samples[i] >= 50 && samples[i] <= 240))
                continue;
            if (confirm < 2)
            {
                usable[i] = samples[i];
                continue;
            }
            if (float.IsNaN(level) || i - levelAt > Math.Ceiling(15 * rateHz) || Math.Abs(samples[i] - level) <= 25)
            {
                (usable[i], level, levelAt) = (samples[i], samples[i], i);
                pending.Clear();
                continue;
            }
            if (pending.Count > 0 && (Math.Abs(samples[i] - samples[pending[^1]]) > 10 || i - pending[0] >= 2 * confirm))
                pending.Clear();
            pending.Add(i);
            if (pending.Count < confirm)
                continue;
            foreach (var at in pending)
                usable[at] = samples[at];
            (level, levelAt) = (samples[i], i);
            pending.Clear();
        }
        return usable;
    }

    /// <summary>Mean of the usable samples of each whole second; NaN. Rates of 1 Hz and more.</summary>
    public static float[] Cells(float[] usable, double rateHz)
    {
        var cells = new float[(int)(usable.Length / rateHz)];
        for (var cell = 0; cell < cells.Length; cell++)
        {
            var there = Enumerable.Range(0, usable.Length).Skip((int)(cell * rateHz) - 2).Take((int)rateHz + 5)
                .Where(i => (int)(i / rateHz + 1e-6) == cell && !float.IsNaN(usable[i])).Select(i => (double)usable[i]).ToArray();
            cells[cell] = there.Length == 0 ? float.NaN : (float)(there.Sum() / there.Length);
        }
        return cells;
    }

    /// <summary>
    /// The final baseline of each step of 15 s that has <c>Lag</c> steps behind it: every transition between levels is tried.
    /// </summary>
    public static float[] Baseline(float[] cells)
    {
        const int Levels = CtgBaseline.Levels, Lag = CtgBaseline.Lag;
        var steps = cells.Length / 15;
        var from = new int[steps, Levels];
        double[] scores = [.. Enumerable.Range(CtgBaseline.Lowest, Levels)
            .Select(rate => -CtgBaseline.Unlikely * Math.Max(0, Math.Max(CtgBaseline.LikelyLow - rate, rate - CtgBaseline.LikelyHigh)))];
        var final = new float[Math.Max(0, steps - Lag)];
        for (var step = 0; step < steps; step++)
        {
            var next = new double[Levels];
            for (var to = 0; to < Levels; to++)
            {
                var (best, at) = (double.NegativeInfinity, -1);
                foreach (var other in new[] { to, to - 1, to + 1 }.Where(l => l is >= 0 and < Levels).Concat(Enumerable.Range(0, to)).Concat(Enumerable.Range(to + 1, Levels - to - 1)))
                    if (scores[other] - Cost(other, to) > best)
                        (best, at) = (scores[other] - Cost(other, to), other);
                (next[to], from[step, to]) = (best + CtgBaseline.Likelihood(cells.AsSpan(15 * step, 15), to), at);
            }
            scores = next;
            if (step < Lag)
                continue;
            var path = new List<int> { Array.IndexOf(scores, scores.Max()) };
            for (var back = step; back > 0 && path.Count < Lag + 2; back--)
                path.Add(from[back, path[^1]]);
            int[] around = [.. Enumerable.Range(Lag - 1, 3).Where(back => back < path.Count).Select(back => path[back])];
            final[step - Lag] = CtgBaseline.Lowest + (float)around.Sum() / around.Length;
        }
        return final;
    }

    /// <summary>Rate less baseline of each second whose step is final; NaN before two minutes of signal were there.</summary>
    public static float[] Deviations(float[] cells, float[] baseline)
    {
        var deviations = new float[15 * baseline.Length];
        for (var i = 0; i < deviations.Length; i++)
        {
            var near = cells[Math.Max(0, i - 2)..Math.Min(cells.Length, i + 3)].Where(rate => !float.IsNaN(rate)).ToArray();
            var seen = Enumerable.Range(0, i / 15 + CtgBaseline.Lag + 1).Count(step => cells[(15 * step)..(15 * step + 15)].Count(rate => !float.IsNaN(rate)) >= 8);
            var sum = 0f;
            foreach (var rate in near)
                sum += rate;
            deviations[i] = near.Length == 0 || seen < CtgBaseline.Lag ? float.NaN : sum / near.Length - baseline[i / 15];
        }
        return deviations;
    }

    /// <summary>Sign, begin and end of the excursions that ended within the deviations.</summary>
    public static List<(int Sign, int Begin, int End)> Excursions(float[] deviations)
    {
        var found = new List<(int, int, int)>();
        var (barred, ended) = (0, 0);
        for (var i = 0; i < deviations.Length;)
        {
            if (barred * deviations[i] <= 5)
                barred = 0;
            if (!(Math.Abs(deviations[i]) > 5) || Math.Sign(deviations[i]) == barred)
            {
                i++;
                continue;
            }
            var sign = Math.Sign(deviations[i]);
            var begin = i;
            while (begin > ended && i - begin < 60 && !(sign * deviations[begin - 1] <= 2))
                begin--;
            while (begin < i && float.IsNaN(deviations[begin]))
                begin++;
            var (last, near, lost, at, isOver) = (i, 0, 0, i + 1, false);
            for (; at < deviations.Length && !isOver; at++)
            {
                if (float.IsNaN(deviations[at]))
                {
                    isOver = ++lost > 60;
                    continue;
                }
                lost = 0;
                if (sign * deviations[at] > 5)
                    (last, near) = (at, 0);
                else if (++near >= 5 || sign * deviations[at] < -5)
                {
                    isOver = true;
                    at--;       // it may begin another one
                    continue;
                }
                if (at - begin >= 600)
                {
                    (isOver, barred) = (true, sign);
                    at--;
                }
            }
            ended = last + 1;
            if (isOver)
                found.Add((sign, begin, ended));
            i = at;
        }
        return found;
    }

    private static double Cost(int from, int to) => (to - from) switch
    {
        0 => 0,
        1 => CtgBaseline.DriftUp,
        -1 => CtgBaseline.DriftDown,
        > 1 => CtgBaseline.JumpUp,
        _ => CtgBaseline.JumpDown,
    };
}
