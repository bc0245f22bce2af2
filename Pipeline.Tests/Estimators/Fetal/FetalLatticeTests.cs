using Pipeline.Models.Estimators.Fetal;
using Xunit;

namespace Pipeline.Tests.Estimators.Fetal;

public sealed class FetalLatticeTests
{
    private static readonly BeatIntervals Intervals = new(70, 180, 12, 10);

    [Fact]
    public void A_missing_peak_is_bridged_by_a_false_one_only_where_it_fits()
    {
        // Beats every 100 samples; that at 500 is missing, and a higher false one stands at 560.
        var strength = new float[1500];
        for (var at = 50; at < 1500; at += 100)
            Peak(strength, at, at == 550 ? 0 : 1);
        Peak(strength, 610, 1.2f);
        Peak(strength, 552, 0.4f);

        Assert.Equal([50, 150, 250, 350, 450, 552, 650, 750, 850, 950, 1050, 1150, 1250, 1350, 1450], Track(strength));
    }

    [Fact]
    public void Noise_beside_a_beat_does_not_hide_it()
    {
        var strength = new float[1500];
        for (var at = 50; at < 1500; at += 100)
        {
            Peak(strength, at, 1);
            if (at % 300 == 50)
                Peak(strength, at + 12, 1.2f);
        }

        Assert.Equal(Enumerable.Range(0, 15).Select(b => 50 + 100 * b), Track(strength));
    }

    [Fact]
    public void A_rate_that_changes_is_followed()
    {
        var strength = new float[2500];
        var beats = new List<int>();
        for (double at = 60, interval = 80; at < 2480; at += interval *= 1.03)
            beats.Add((int)at);
        foreach (var at in beats)
            Peak(strength, at, 1);

        Assert.Equal(beats.Where(b => b < 2000), Track(strength).Where(b => b < 2000));
    }

    [Fact]
    public void Fewer_than_four_peaks_are_no_track()
    {
        var strength = new float[600];
        for (var at = 100; at < 400; at += 100)
            Peak(strength, at, 1);

        Assert.Empty(Track(strength));
        Assert.Empty(Track([]));
    }

    [Fact]
    public void The_track_is_the_most_rewarding_one_of_all()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var strength = new float[700];
            for (var at = 10 + random.Next(20); at < 690; at += 17 + random.Next(40))
                Peak(strength, at, 0.2f + random.NextSingle());

            var track = Track(strength);

            Assert.Equal(BestOfAll(strength), Reward(strength, track), 1e-4);
        }
    }

    /// <summary>What a track is worth, by its definition.</summary>
    private static double Reward(float[] strength, int[] track)
    {
        var unit = Unit(strength);
        var reward = 0.0;
        for (var i = 0; i < track.Length; i++)
        {
            reward += Math.Min(strength[track[i]] / unit, 1.5) - 0.35;
            if (i >= 2)
                reward -= Cost(track[i - 1] - track[i - 2], track[i] - track[i - 1]);
        }
        return reward;
    }

    /// <summary>The best reward by trying every track.</summary>
    private static double BestOfAll(float[] strength)
    {
        var (peaks, unit) = (Peaks(strength), Unit(strength));
        double Value(int p) => Math.Min(strength[peaks[p]] / unit, 1.5) - 0.35;
        var best = double.NegativeInfinity;
        void Go(int previous, int last, double reward)
        {
            if (peaks[last] > peaks[^1] - Intervals.Most - 12)
                best = Math.Max(best, reward);
            for (var next = last + 1; next < peaks.Length; next++)
            {
                var interval = peaks[next] - peaks[last];
                if (interval >= Intervals.Least && interval <= Intervals.Most)
                    Go(last, next, reward + Value(next) - Cost(peaks[last] - peaks[previous], interval));
            }
        }
        for (var first = 0; first < peaks.Length && peaks[first] < peaks[0] + 500; first++)
            for (var second = first + 1; second < peaks.Length; second++)
                if (peaks[second] - peaks[first] >= Intervals.Least && peaks[second] - peaks[first] <= Intervals.Most)
                    Go(first, second, Value(first) + Value(second));
        return best;
    }

    private static double Cost(int before, int after)
    {
        var change = (double)(after - before) / Math.Min(before, after);
        return Intervals.Stiffness * Math.Min(change * change, 0.09);
    }

    private static float Unit(float[] strength)
    {
        var heights = Peaks(strength).Select(p => strength[p]).Order().ToArray();
        return heights[(int)(0.9 * (heights.Length - 1))];
    }

    private static int[] Peaks(float[] strength) =>
        [.. Enumerable.Range(0, strength.Length).Where(i => strength[i] > 0 && Enumerable.Range(i - 10, 21).All(j => j < 0 || j >= strength.Length || j == i || strength[j] < strength[i]))];

    private static int[] Track(float[] strength)
    {
        var beats = new int[FetalTiming.MostBeats];
        var count = new FetalLattice().Track(strength, Intervals, default, beats);
        return beats[..count];
    }

    private static void Peak(float[] strength, int at, float height)
    {
        for (var i = -3; i <= 3; i++)
            if (at + i >= 0 && at + i < strength.Length)
                strength[at + i] = Math.Max(strength[at + i], height * (1 - Math.Abs(i) / 4f));
    }
}
