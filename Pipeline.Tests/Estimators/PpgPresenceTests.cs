using Pipeline.Models;
using Pipeline.Models.Estimators.Ppg;
using Xunit;

namespace Pipeline.Tests.Estimators;

/// <summary>What a window shows of a pulse, and how that adds up over windows.</summary>
public sealed class PpgPresenceTests
{
    private const double RateHz = 25;
    private static readonly PpgSpectrumPlan Plan = PpgSpectrumPlan.For(RateHz, 200);

    [Theory]
    [InlineData(25)]
    [InlineData(47.5)]
    public void The_autocorrelation_is_the_correlation_of_the_parts_that_overlap(double rateHz)
    {
        var random = new Random(7);
        var x = Enumerable.Range(0, (int)(7.8 * rateHz)).Select(i => (float)(Math.Sin(0.3 * i) + random.NextDouble())).ToArray();
        var at = new float[PpgPeriodicity.Lags];

        PpgPeriodicity.Correlate(x, at);

        for (var lag = 0; lag < at.Length; lag++)
            Assert.Equal(lag < x.Length / 2 ? Naive(x, lag) : 0, at[lag], 1e-4);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_pulse_is_skew_whatever_the_sensors_sign_and_repeats_itself(int sign)
    {
        var look = Look(t => sign * Math.Exp(-Math.Pow((t * 1.2 % 1 - 0.3) / 0.12, 2)));

        Assert.InRange(look.Skewness, 0.6, 1);
        Assert.InRange(look.Strength, 2.5, PpgPeriodicity.MostStrength);
        Assert.InRange(look.Periodicity.Interval, 1 / 1.2 - 0.04, 1 / 1.2 + 0.04);
    }

    [Fact]
    public void A_sine_is_not_skew_and_of_noise_the_mean_over_windows_is_not()
    {
        Assert.InRange(Look(t => Math.Sin(2 * Math.PI * 1.2 * t)).Skewness, 0, 0.1);

        double slope = 0, wave = 0;
        for (var seed = 0; seed < 50; seed++)
        {
            var (random, smooth) = (new Random(seed), 0.0);
            var look = Look(_ => smooth += 0.3 * (random.NextDouble() - 0.5 - smooth));
            (slope, wave) = (slope + look.SlopeSkewness / 50, wave + look.WaveSkewness / 50);
        }
        Assert.InRange(double.Hypot(slope, wave), 0, 0.15);
    }

    [Fact]
    public void Windows_that_agree_begin_a_pulse_and_windows_of_other_intervals_or_other_skewness_do_not()
    {
        Assert.True(Run(_ => 20, _ => 0.5));
        Assert.False(Run(w => w % 2 == 0 ? 20 : 29, _ => 0.5));
        Assert.False(Run(_ => 20, w => w % 2 == 0 ? 0.5 : -0.5));
    }

    [Fact]
    public void A_weak_window_does_not_end_a_pulse_and_two_do()
    {
        var presence = new PpgPresence();
        Take(presence, 20, 1, 0.7);
        Assert.True(presence.IsPresent);

        Take(presence, 20, 0.32, 0.4);
        Assert.True(presence.IsPresent);
        Take(presence, 20, 0.32, 0.4);
        Assert.False(presence.IsPresent);
    }

    /// <summary>Whether any of the windows from the second on holds a pulse.</summary>
    private static bool Run(Func<int, double> lag, Func<int, double> skewness)
    {
        var (presence, found) = (new PpgPresence(), false);
        for (var window = 0; window < 12; window++)
        {
            Take(presence, lag(window), window == 0 ? 0.3 : 0.6, skewness(window));
            found |= presence.IsPresent;
        }
        return found;
    }

    /// <summary>A window whose autocorrelation is a cosine of <paramref name="size"/>, and a tracker that is fairly sure.</summary>
    private static void Take(PpgPresence presence, double lag, double size, double skewness)
    {
        var scratch = PpgScratch.OfThread;
        for (var i = 0; i < scratch.Autocorrelation.Length; i++)
            scratch.Autocorrelation[i] = (float)(size * Math.Cos(2 * Math.PI * i / lag));
        var found = PpgPeriodicity.Of(scratch.Autocorrelation, RateHz);
        var taken = new PpgTaken(1, 0, 1, 1, EstimateStatus.Gap)
        {
            Look = new PpgLook(found, found.Strength, found.Strength, skewness, 0, 0),
        };
        presence.Take(Plan, scratch, taken, [], double.NaN, -1);
        presence.TakeBelief(60 * RateHz / lag, 0.9);
    }

    private static PpgLook Look(Func<double, double> signal)
    {
        var scratch = PpgScratch.OfThread;
        PpgSpectra.TakePulse(Plan, scratch, [.. Enumerable.Range(0, 200).Select(i => (float)signal(i / RateHz))], 0);
        PpgSpectra.Make(Plan, scratch, 1, 0);
        return PpgLook.Of(Plan, scratch, new PpgTaken(1, 0, 1, 1, EstimateStatus.Gap));
    }

    private static double Naive(float[] x, int lag)
    {
        double product = 0, first = 0, last = 0;
        for (var i = 0; i + lag < x.Length; i++)
        {
            product += x[i] * (double)x[i + lag];
            first += x[i] * (double)x[i];
            last += x[i + lag] * (double)x[i + lag];
        }
        return product / Math.Sqrt(first * last);
    }
}
