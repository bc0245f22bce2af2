using Pipeline.Models.Estimators.Ppg;
using Xunit;

namespace Pipeline.Tests.Estimators;

public class PpgPartsTests
{
    [Theory]
    [InlineData(25, 200)]
    [InlineData(30, 240)]
    [InlineData(49, 392)]
    [InlineData(128, 1024)]
    [InlineData(249.89, 1999)]
    public void The_spectrum_is_the_tapered_Fourier_sum_of_the_decimated_window(double rateHz, int count)
    {
        var random = new Random(3);
        var raw = new float[count];
        for (var i = 0; i < count; i++)
            raw[i] = (float)(100 + 0.01 * i + Math.Sin(2 * Math.PI * 1.3 * i / rateHz) + 0.3 * random.NextDouble());
        var plan = PpgSpectrumPlan.For(rateHz, count);
        var decimated = new float[plan.SampleCount];
        var power = new float[PpgSpectrumPlan.BinCount];

        plan.Decimate(raw, decimated);
        plan.Power(decimated, 1, power, new float[plan.ScratchCount]);

        Assert.InRange(plan.RateHz, 25, 50);
        var most = power.Max();
        for (var bin = 0; bin < power.Length; bin++)
            Assert.Equal(NaivePower(decimated, plan.RateHz, 15 + 2.5 * bin), power[bin], 1e-4 * most);
    }

    [Fact]
    public void A_line_is_found_at_its_frequency_whatever_the_offset_of_the_counts()
    {
        var plan = PpgSpectrumPlan.For(125, 1000);
        var raw = new float[1000];
        for (var i = 0; i < raw.Length; i++)
            raw[i] = (float)(1e6 + 50 * Math.Sin(2 * Math.PI * 1.5 * i / 125));
        var decimated = new float[plan.SampleCount];
        var power = new float[PpgSpectrumPlan.BinCount];

        plan.Decimate(raw, decimated);
        plan.Power(decimated, 1, power, new float[plan.ScratchCount]);

        Assert.Equal((90 - 15) / 2.5, power.AsSpan().IndexOf(power.Max()));
    }

    [Fact]
    public void What_a_filter_makes_of_the_motion_is_taken_out_and_the_pulse_stays()
    {
        const int Count = 200;
        var random = new Random(5);
        var motion = new float[3 * Count];
        for (var i = 0; i < motion.Length; i++)
            motion[i] = (float)(random.NextDouble() - 0.5);
        var pulse = new float[Count];
        for (var i = 4; i < Count - 4; i++)
            pulse[i] = 2 * motion[i - 2] - motion[Count + i + 3] + 0.5f * motion[2 * Count + i];
        var line = Enumerable.Range(0, Count).Select(i => MathF.Sin(0.3f * i)).ToArray();
        var both = pulse.Zip(line, (a, b) => a + b).ToArray();
        var fit = new PpgMotionFit();

        Assert.True(fit.Prepare(motion, 3));
        var energy = pulse.Sum(x => x * x);
        fit.Subtract(motion, pulse);
        fit.Subtract(motion, both);

        Assert.True(pulse.Sum(x => x * x) < 0.05 * energy);
        Assert.InRange(both.Sum(x => x * x) / line.Sum(x => x * x), 0.6, 1.1);
    }

    [Fact]
    public void The_motion_fit_is_the_damped_least_squares_solution()
    {
        const int Count = 120;
        var random = new Random(9);
        var motion = Enumerable.Range(0, 2 * Count).Select(i => (float)(Math.Sin(0.4 * i) + random.NextDouble() - 0.5)).ToArray();
        var pulse = Enumerable.Range(0, Count).Select(i => (float)(Math.Sin(0.4 * i + 1) + 0.2 * random.NextDouble())).ToArray();
        var expected = NaiveResidual(motion, 2, pulse);
        var fit = new PpgMotionFit();

        fit.Prepare(motion, 2);
        fit.Subtract(motion, pulse);

        for (var i = 0; i < Count; i++)
            Assert.Equal(expected[i], pulse[i], 1e-3);
    }

    [Fact]
    public void Motion_that_does_not_move_explains_nothing()
    {
        Assert.False(new PpgMotionFit().Prepare(new float[600], 3));
        Assert.False(new PpgMotionFit().Prepare([], 0));
    }

    [Fact]
    public void The_belief_spreads_as_the_sum_over_all_changes_says()
    {
        var belief = new PpgRateBelief(PpgConstants.Default);
        var likelihood = new float[PpgRateBelief.BinCount];
        likelihood[20] = 3;
        likelihood[21] = 1;
        belief.Weigh(likelihood);
        var before = belief.Probabilities.ToArray();

        belief.Advance();

        var expected = new double[before.Length];
        foreach (var (scale, part) in new[] { (1.31, 1 - 1e-4 - 1e-4), (6.0, 1e-4) })
        {
            var norm = Math.Tanh(0.5 / scale);   // of the sum of exp(−|j|/scale) over all j
            for (var k = 0; k < before.Length; k++)
                for (var j = 0; j < before.Length; j++)
                    expected[k] += part * norm * Math.Exp(-Math.Abs(k - j) / scale) * before[j];
        }
        for (var k = 0; k < before.Length; k++)
            Assert.Equal(expected[k] + 1e-4 / before.Length, belief.Probabilities[k], 1e-6);
    }

    [Fact]
    public void Evidence_that_is_no_number_is_forgotten_with_the_rest()
    {
        var belief = new PpgRateBelief(PpgConstants.Default);
        var likelihood = new float[PpgRateBelief.BinCount];
        Array.Fill(likelihood, float.NaN);

        belief.Weigh(likelihood);

        Assert.All(belief.Probabilities.ToArray(), p => Assert.Equal(1f / PpgRateBelief.BinCount, p));
    }

    private static double NaivePower(float[] x, double rateHz, double perMinute)
    {
        double re = 0, im = 0;
        for (var i = 0; i < x.Length; i++)
        {
            var taper = 0.5 - 0.5 * Math.Cos(2 * Math.PI * (i + 0.5) / x.Length);
            re += taper * x[i] * Math.Cos(2 * Math.PI * perMinute / 60 * i / rateHz);
            im += taper * x[i] * Math.Sin(2 * Math.PI * perMinute / 60 * i / rateHz);
        }
        return re * re + im * im;
    }

    /// <summary>Normal equations with every sum written out, solved by elimination.</summary>
    private static double[] NaiveResidual(float[] motion, int axes, float[] pulse)
    {
        const int Lags = PpgMotionFit.LagCount;
        var n = pulse.Length;
        var order = axes * Lags;
        double X(int k, int t)
        {
            var at = t - (k % Lags - Lags / 2);
            return at >= 0 && at < n ? motion[k / Lags * n + at] : 0;
        }
        var a = new double[order, order + 1];
        var trace = 0.0;
        for (var i = 0; i < order; i++)
        {
            for (var j = 0; j < order; j++)
                for (var t = 0; t < n; t++)
                    a[i, j] += X(i, t) * X(j, t);
            for (var t = 0; t < n; t++)
                a[i, order] += X(i, t) * pulse[t];
            trace += a[i, i];
        }
        for (var i = 0; i < order; i++)
            a[i, i] += 0.01 * trace / order;
        for (var i = 0; i < order; i++)
            for (var r = 0; r < order; r++)
            {
                if (r == i)
                    continue;
                var part = a[r, i] / a[i, i];
                for (var c = i; c <= order; c++)
                    a[r, c] -= part * a[i, c];
            }
        return [.. Enumerable.Range(0, n).Select(t => pulse[t] - Enumerable.Range(0, order).Sum(k => a[k, order] / a[k, k] * X(k, t)))];
    }
}
