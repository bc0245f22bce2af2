using Pipeline.Benchmarks.Faults;
using Xunit;

namespace Pipeline.Tests.Cases;

public sealed class PpgSessionTests
{
    [Theory]
    [InlineData(PpgKind.Lock)]
    [InlineData(PpgKind.Gap)]
    [InlineData(PpgKind.Arms)]
    public void The_same_random_numbers_give_the_same_session_and_others_another(PpgKind kind)
    {
        var (one, same, other) = (Draw(kind, 1), Draw(kind, 1), Draw(kind, 2));

        Assert.Equal(one.Ppg.Concat(one.Acc), same.Ppg.Concat(same.Acc));
        Assert.NotEqual(one.Ppg[0].Take(100), other.Ppg[0].Take(100));
    }

    [Fact]
    public void Every_kind_has_finite_samples_and_rates_that_a_heart_can_have()
    {
        foreach (var kind in Enum.GetValues<PpgKind>())
            for (var seed = 0; seed < 3; seed++)
            {
                var session = Draw(kind, seed);
                var rates = Rates(session).Where(rate => !double.IsNaN(rate)).ToList();

                Assert.All(session.Ppg.Concat(session.Acc), samples => Assert.True(samples.Length == session.Ppg[0].Length && samples.All(float.IsFinite)));
                Assert.InRange(rates.Min(), 38, 212);
                Assert.InRange(rates.Max(), 38, 212);
            }
    }

    [Fact]
    public void At_rest_the_pulse_is_the_strongest_wave_of_the_PPG_from_40_per_minute_on()
    {
        for (var seed = 0; seed < 8; seed++)
        {
            var session = Draw(PpgKind.Fast, seed);

            Assert.Equal(session.RateIn(2, 10), Strongest(session.Ppg[0], session.RateHz, 2, 40), 6.0);
        }
    }

    [Fact]
    public void A_locked_heart_beats_for_a_minute_and_more_as_the_accelerometer_does()
    {
        for (var seed = 0; seed < 8; seed++)
        {
            var session = Draw(PpgKind.Lock, seed);
            var near = 0;
            for (var t = 0.0; t + 8 <= Seconds(session); t += 2)
                near += Math.Abs(session.RateIn(t, t + 8) - Strongest(session.Acc, session.RateHz, t, 120)) < 9 ? 1 : 0;

            Assert.True(near >= 25, $"{near} windows of session {seed}");
        }
    }

    [Fact]
    public void A_sensor_that_is_off_has_one_value_and_no_rate()
    {
        var session = Draw(PpgKind.Gap, 3);
        var rates = Rates(session).ToList();
        var off = Enumerable.Range(0, rates.Count).Where(w => double.IsNaN(rates[w])).ToList();
        var middle = (int)((2 * (off[0] + off[^1]) / 2.0 + 4) * session.RateHz);

        Assert.Equal(off.Count, off[^1] - off[0] + 1);
        Assert.All(session.Ppg, samples => Assert.Single(samples.Skip(middle).Take((int)session.RateHz).Distinct()));
    }

    [Fact]
    public void On_a_bar_the_accelerometer_hardly_sees_the_steps_and_a_saturated_PPG_is_often_at_its_limit()
    {
        var (bar, free, saturated) = (Draw(PpgKind.Bar, 1), Draw(PpgKind.Lock, 1), Draw(PpgKind.Saturated, 1));

        Assert.True(Deviation(bar.Acc) < 0.25 * Deviation(free.Acc));
        Assert.True(saturated.Ppg[0].Count(x => x == saturated.Ppg[0].Max()) > 0.05 * saturated.Ppg[0].Length);
    }

    [Fact]
    public void An_excerpt_is_as_long_as_is_asked_for()
    {
        var session = PpgSession.Draw(PpgKind.Cross, new Random(5), 60);

        Assert.Equal(60, Seconds(session), 0.1);
        Assert.False(double.IsNaN(session.RateIn(52, 60)));
    }

    private static PpgSession Draw(PpgKind kind, int seed) => PpgSession.Draw(kind, new Random(seed));

    private static double Seconds(PpgSession session) => session.Ppg[0].Length / session.RateHz;

    private static IEnumerable<double> Rates(PpgSession session)
    {
        for (var t = 0.0; t + 8 <= Seconds(session); t += 2)
            yield return session.RateIn(t, t + 8);
    }

    private static double Deviation(float[][] axes) =>
        axes.Max(x => Math.Sqrt(x.Average(v => (double)v * v) - Math.Pow(x.Average(v => (double)v), 2)));

    private static double Strongest(float[] samples, double rateHz, double from, double least) => Strongest([samples], rateHz, from, least);

    /// <summary>The rate per minute with the greatest power in 8 s, by a plain Fourier sum.</summary>
    private static double Strongest(float[][] channels, double rateHz, double from, double least)
    {
        var (first, count) = ((int)(from * rateHz), (int)(8 * rateHz));
        double Power(double perMinute)
        {
            double power = 0;
            foreach (var samples in channels)
            {
                double re = 0, im = 0, mean = 0;
                for (var i = 0; i < count; i++)
                    mean += samples[first + i] / count;
                for (var i = 0; i < count; i += 2)
                {
                    var taper = (samples[first + i] - mean) * (1 - Math.Cos(2 * Math.PI * i / count));
                    var (sine, cosine) = Math.SinCos(2 * Math.PI * perMinute / 60 * i / rateHz);
                    (re, im) = (re + taper * cosine, im + taper * sine);
                }
                power += re * re + im * im;
            }
            return power;
        }
        return Enumerable.Range(0, 41).Select(k => least + 2.5 * k).MaxBy(Power);
    }
}
