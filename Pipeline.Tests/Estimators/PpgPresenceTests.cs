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

        Assert.InRange(look.Raw.Skewness, 0.6, 1);
        Assert.InRange(look.Raw.Periodicity.Strength, 2.5, PpgPeriodicity.MostStrength);
        Assert.InRange(look.Periodicity.Interval, 1 / 1.2 - 0.04, 1 / 1.2 + 0.04);
    }

    [Fact]
    public void A_sine_is_not_skew_and_of_noise_the_mean_over_windows_is_not()
    {
        Assert.InRange(Look(t => Math.Sin(2 * Math.PI * 1.2 * t)).Raw.Skewness, 0, 0.1);

        double slope = 0, wave = 0;
        for (var seed = 0; seed < 50; seed++)
        {
            var (random, smooth) = (new Random(seed), 0.0);
            var look = Look(_ => smooth += 0.3 * (random.NextDouble() - 0.5 - smooth));
            (slope, wave) = (slope + look.Raw.SlopeSkewness / 50, wave + look.Raw.WaveSkewness / 50);
        }
        Assert.InRange(double.Hypot(slope, wave), 0, 0.15);
    }

    [Fact]
    public void Waves_of_one_height_are_steady_and_noise_is_not()
    {
        Assert.InRange(Look(t => Math.Sin(2 * Math.PI * 1.2 * t)).Raw.Steadiness, 1.2, 1.6);

        var steadiness = Enumerable.Range(0, 50).Average(seed => Look(Noise(seed)).Raw.Steadiness);
        Assert.InRange(steadiness, -0.3, 0.4);
    }

    [Fact]
    public void An_interval_or_a_skewness_that_changes_from_window_to_window_averages_out()
    {
        var agreed = Run(_ => 72, _ => 1);
        var intervals = Run(w => 60 * Math.Pow(1.2, w % 4), _ => 1);
        var skewness = Run(_ => 72, w => w % 2 == 0 ? 1 : -1);

        Assert.True(agreed.IsPresent);
        Assert.InRange(agreed.Features[MeanStrength] - intervals.Features[MeanStrength], 0.5, PpgPeriodicity.MostStrength);
        Assert.InRange(skewness.Features[MeanSkewness], 0, agreed.Features[MeanSkewness] / 3);
    }

    [Fact]
    public void A_window_that_would_not_begin_a_pulse_may_go_on_with_one_and_noise_ends_it()
    {
        var (begins, goesOn) = (new List<bool>(), new List<bool>());
        for (var noise = 0.1; noise < 1; noise += 0.05)
        {
            var (pulse, beside) = (Pulse(72), Noise(1));
            var samples = Enumerable.Range(0, 200).Select(i => pulse(i / RateHz) + noise * beside(i / RateHz)).ToArray();
            var (fresh, present) = (new PpgPresence(), Run(_ => 72, _ => 1));
            Take(fresh, t => samples[(int)Math.Round(t * RateHz)], 72, 0.6);
            Take(present, t => samples[(int)Math.Round(t * RateHz)], 72, 0.6);
            begins.Add(fresh.IsPresent);
            goesOn.Add(present.IsPresent);
            Take(present, Noise(2), 72, 0.4);
            Take(present, Noise(3), 80, 0.3);
            Assert.False(present.IsPresent);
        }
        Assert.True(goesOn[0] && !begins[^1] && goesOn.Count(x => x) > begins.Count(x => x), $"{string.Join(' ', begins)}; {string.Join(' ', goesOn)}");
    }

    private const int MeanStrength = 0, MeanSkewness = 10;      // of the features

    /// <summary>Twelve windows of pulses at a rate and with a sign, some noise in them, and a tracker that is fairly sure of 72.</summary>
    private static PpgPresence Run(Func<int, double> rate, Func<int, double> sign)
    {
        var presence = new PpgPresence();
        for (var window = 0; window < 12; window++)
        {
            var (pulse, noise, factor) = (Pulse(rate(window)), Noise(window + 10), sign(window));
            Take(presence, t => factor * pulse(t) + 0.1 * noise(t), 72, 0.9);
        }
        return presence;
    }

    private static Func<double, double> Pulse(double perMinute) => t => Math.Exp(-Math.Pow((t * perMinute / 60 % 1 - 0.3) / 0.12, 2));

    /// <summary>Smooth noise of a deviation of about 1, to be called for ascending times.</summary>
    private static Func<double, double> Noise(int seed)
    {
        var (random, smooth) = (new Random(seed), 0.0);
        return _ => smooth += 0.3 * (8.2 * (random.NextDouble() - 0.5) - smooth);
    }

    private static void Take(PpgPresence presence, Func<double, double> signal, double rate, double mass)
    {
        var taken = new PpgTaken(1, 0, 1, 1, EstimateStatus.Gap) { Look = Look(signal) };
        presence.Take(Plan, PpgScratch.OfThread, taken, [], double.NaN, -1);
        presence.TakeBelief(Plan, PpgScratch.OfThread, taken, rate, mass);
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
