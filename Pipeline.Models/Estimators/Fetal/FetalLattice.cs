using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>Which intervals between beats are possible, and how unlike neighbours may be.</summary>
/// <param name="Least">Shortest interval, samples.</param>
/// <param name="Most">Longest interval, samples.</param>
/// <param name="Stiffness">Cost of a relative change of the interval, squared.</param>
/// <param name="Reach">A peak is the highest of so many samples on each side; <see cref="FetalLattice.LeastReach"/> or more.</param>
internal readonly record struct BeatIntervals(int Least, int Most, float Stiffness, int Reach);

/// <summary>
/// The most rewarding series of beats through the peaks of a signal: dynamic programming of second order (Viterbi 1967,
/// doi:10.1109/TIT.1967.1054010), a state being the last two peaks. A peak of height v (in parts of the 90th percentile of the peaks, at
/// most 1.5) gains v + bonus − 0.35; an interval that differs from the one before costs stiffness x min((change / shorter one)², 0.09): a
/// missed or an early beat costs a bounded amount. Owns its scratch: one thread at a time.
/// </summary>
internal sealed class FetalLattice
{
    /// <summary>Least samples on each side of which a peak is the highest.</summary>
    public const int LeastReach = 10;

    private const int MostPeaks = FetalTiming.WindowSamples / (LeastReach + 1) + 1;
    private const int MostStates = MostPeaks * 28;
    private const int StartSamples = 2 * FetalTiming.RateHz;    // a track starts in the first 2 s
    private const int EndSlack = 12;
    private const float Threshold = 0.35f;
    private const float MostHeight = 1.5f;
    private const float MostChange = 0.09f;         // (30 %)²
    private const float NoStart = -1e4f;

    private readonly int[] _peaks = new int[MostPeaks];
    private readonly float[] _heights = new float[MostPeaks];
    private readonly float[] _sorted = new float[MostPeaks];
    private readonly int[] _firstState = new int[MostPeaks + 1];
    private readonly int[] _earlier = new int[MostStates], _later = new int[MostStates], _before = new int[MostStates];
    private readonly float[] _score = new float[MostStates], _interval = new float[MostStates], _inverse = new float[MostStates];

    /// <summary>Writes the track's beats, ascending, and returns how many; 0 where there are fewer than four peaks.</summary>
    /// <param name="strength">How much like a beat each sample is; peaks above 0 count. At most a window's samples.</param>
    /// <param name="intervals">Limits.</param>
    /// <param name="bonus">Added to the height of a peak at each sample; empty: nothing.</param>
    /// <param name="beats">Place for <see cref="FetalTiming.MostBeats"/>.</param>
    public int Track(ReadOnlySpan<float> strength, in BeatIntervals intervals, ReadOnlySpan<float> bonus, Span<int> beats)
    {
        var count = FindPeaks(strength, intervals.Reach);
        if (count < 4)
            return 0;
        Weigh(strength, bonus, count);
        var states = Link(intervals, count);
        var best = Best(intervals, count, states);
        return best < 0 ? 0 : Trace(best, beats);
    }

    private int FindPeaks(ReadOnlySpan<float> strength, int reach)
    {
        // The highest of a block is the only one of it that can be the highest on both sides of it.
        var count = 0;
        for (var from = 0; from < strength.Length && count < MostPeaks; from += reach + 1)
        {
            var i = from + TensorPrimitives.IndexOfMax(strength.Slice(from, Math.Min(reach + 1, strength.Length - from)));
            var value = strength[i];
            if (!(value > 0))
                continue;
            var highest = true;
            for (var j = Math.Max(0, i - reach); j < from && highest; j++)
                highest = strength[j] < value;
            for (var j = from + reach + 1; j < Math.Min(strength.Length, i + reach + 1) && highest; j++)
                highest = strength[j] <= value;
            if (highest)
                _peaks[count++] = i;
        }
        return count;
    }

    private void Weigh(ReadOnlySpan<float> strength, ReadOnlySpan<float> bonus, int count)
    {
        for (var i = 0; i < count; i++)
            _sorted[i] = _heights[i] = strength[_peaks[i]];
        var unit = Medians.Select(_sorted.AsSpan(0, count), (int)(0.9 * (count - 1))) + 1e-12f;
        for (var i = 0; i < count; i++)
            _heights[i] = Math.Min(_heights[i] / unit, MostHeight) + (bonus.IsEmpty ? 0 : bonus[_peaks[i]]) - Threshold;
    }

    private int Link(in BeatIntervals intervals, int count)
    {
        int states = 0, low = 0;
        var latestStart = _peaks[0] + StartSamples;
        for (var j = 0; j < count; j++)
        {
            _firstState[j] = states;
            while (_peaks[j] - _peaks[low] > intervals.Most)
                low++;
            for (var i = low; i < j && states < MostStates; i++)
            {
                float interval = _peaks[j] - _peaks[i];
                if (interval < intervals.Least)
                    break;
                var inverse = 1 / interval;
                var (score, before) = (_peaks[i] < latestStart ? _heights[i] : NoStart, -1);
                for (var s = _firstState[i]; s < _firstState[i + 1]; s++)
                {
                    var change = (interval - _interval[s]) * Math.Max(inverse, _inverse[s]);
                    var candidate = _score[s] - intervals.Stiffness * Math.Min(change * change, MostChange);
                    if (candidate > score)
                        (score, before) = (candidate, s);
                }
                (_earlier[states], _later[states], _before[states]) = (i, j, before);
                (_score[states], _interval[states], _inverse[states]) = (score + _heights[j], interval, inverse);
                states++;
            }
            _firstState[j + 1] = states;
        }
        return states;
    }

    private int Best(in BeatIntervals intervals, int count, int states)
    {
        var (best, score) = (-1, float.NegativeInfinity);
        var from = _peaks[count - 1] - intervals.Most - EndSlack;
        for (var s = 0; s < states; s++)
            if (_peaks[_later[s]] > from && _score[s] > score)
                (best, score) = (s, _score[s]);
        return best;
    }

    private int Trace(int best, Span<int> beats)
    {
        var count = 0;
        beats[count++] = _peaks[_later[best]];
        for (var s = best; s >= 0; s = _before[s])
            beats[count++] = _peaks[_earlier[s]];
        beats[..count].Reverse();
        return count;
    }
}
