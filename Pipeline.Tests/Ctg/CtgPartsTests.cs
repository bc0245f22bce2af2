using Pipeline.Benchmarks.Ctg;
using Pipeline.Benchmarks.Faults;
using Pipeline.Models.Estimators.Ctg;
using Xunit;

namespace Pipeline.Tests.Ctg;

/// <summary>Artefacts, seconds, baseline and excursions, each against its plain second form.</summary>
public sealed class CtgPartsTests
{
    [Fact]
    public void A_spike_is_an_artefact_and_a_sudden_deceleration_is_not()
    {
        var samples = Enumerable.Repeat(140f, 100).ToArray();
        samples[20] = 70;                                   // halved
        samples[21] = 71;
        samples[40] = 230;
        for (var i = 60; i < 100; i++)
            samples[i] = 85 + i % 3;                        // stays

        var judged = Judge(samples, 4);

        Assert.Equal([20, 21, 40], Enumerable.Range(0, judged.Count).Where(i => float.IsNaN(judged[i].Rate)));
        Assert.All(judged, one => Assert.True(one.IsThere));
        Assert.Equal(samples[60..80], judged.Skip(60).Take(20).Select(one => one.Rate));
    }

    [Fact]
    public void A_lost_sample_is_none_and_a_rate_no_fetus_has_is_an_artefact()
    {
        var samples = new float[60];
        Array.Fill(samples, 150);
        (samples[5], samples[6], samples[7], samples[8]) = (0, float.NaN, 30, 245);

        var judged = Judge(samples, 4);

        Assert.Equal([true, false, false, true, true, true], judged.Skip(4).Take(6).Select(one => one.IsThere));
        Assert.Equal([5, 6, 7, 8], Enumerable.Range(0, judged.Count).Where(i => float.IsNaN(judged[i].Rate)));
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Artefacts_are_those_of_the_plain_form(double rateHz)
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var samples = new SyntheticCtg(new CtgScenario { Seed = seed, Minutes = 30, RateHz = rateHz, Loss = 0.2, Artefacts = 10 }).Rates;

            var judged = Judge(samples, rateHz);

            Assert.Equal(NaiveCtg.Usable(samples, rateHz).Take(judged.Count), judged.Select(one => one.Rate));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2.5)]
    [InlineData(4)]
    public void Seconds_are_the_means_of_their_samples(double rateHz)
    {
        var samples = new SyntheticCtg(new CtgScenario { Seed = 5, Minutes = 12, RateHz = rateHz, Loss = 0.2 }).Rates.Select(rate => rate == 0 ? float.NaN : rate).ToArray();
        var cells = new FhrCells(rateHz);
        foreach (var sample in samples)
            cells.Take(new FhrSample(!float.IsNaN(sample), sample));

        var plain = NaiveCtg.Cells(samples, rateHz);

        Assert.Equal(plain.Take((int)cells.Count), Enumerable.Range(0, (int)cells.Count).Select(cell => cells[cell]));
        Assert.InRange(cells.Count, plain.Length - 1, plain.Length);
        var share = samples.Take((int)(cells.Count * rateHz)).TakeLast((int)(600 * rateHz)).Average(rate => float.IsNaN(rate) ? 0.0 : 1);
        Assert.Equal(share, cells.UsablePart, 2);
    }

    [Fact]
    public void A_sample_of_a_slow_monitor_stands_until_the_next()
    {
        var cells = new FhrCells(0.25);
        foreach (var rate in new[] { 140f, 150, float.NaN, 160, 130 })
            cells.Take(new FhrSample(!float.IsNaN(rate), rate));

        Assert.Equal([140, 140, 140, 140, 150, 150, 150, 150, float.NaN, float.NaN, float.NaN, float.NaN, 160, 160, 160, 160], Enumerable.Range(0, 16).Select(cell => cells[cell]));
        Assert.Equal(60_000f / 140, cells.Epoch(0), 2f);
        Assert.Equal(0.75, cells.UsablePart, 3);
    }

    [Fact]
    public void The_baseline_is_that_of_the_plain_form()
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var cells = CellsOf(seed, 60, loss: 0.1 * seed);
            var baseline = new CtgBaseline();
            var final = new List<float>();
            for (var step = 0; step < cells.Length / 15; step++)
            {
                baseline.Take(cells.AsSpan(15 * step, 15));
                if (step >= CtgBaseline.Lag)
                    final.Add(baseline.At(CtgBaseline.Lag));
            }

            Assert.Equal(NaiveCtg.Baseline(cells), final);
        }
    }

    [Fact]
    public void A_step_of_the_baseline_is_followed_and_a_deceleration_of_five_minutes_is_not()
    {
        float[] step = [.. Enumerable.Range(0, 3600).Select(i => i < 1800 ? 130f : 150)];
        float[] dip = [.. Enumerable.Range(0, 3600).Select(i => i is >= 1500 and < 1800 ? 95f : 140)];

        var (risen, kept) = (NaiveCtg.Baseline(step), NaiveCtg.Baseline(dip));

        Assert.Equal(130, risen[1500 / 15], 1f);
        Assert.Equal(150, risen[2200 / 15], 1f);
        Assert.All(kept, level => Assert.Equal(140, level, 1f));
    }

    [Fact]
    public void Excursions_are_those_of_the_plain_form()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var deviations = RandomDeviations(seed);
            var excursions = new CtgExcursions();
            var found = new List<(int, int, int)>();
            foreach (var deviation in deviations)
                if (excursions.Take(deviation, out var ended))
                    found.Add((ended.Sign, (int)ended.Begin, (int)ended.End));

            Assert.Equal(NaiveCtg.Excursions(deviations), found);
        }
    }

    [Fact]
    public void The_flanks_tell_how_fast_a_deceleration_falls_and_comes_back_whatever_its_floor()
    {
        Assert.InRange(FallOf(t => t < 10 ? -4 * t : t < 70 ? -40 : -40 + 4 * (t - 70)), 6, 16);
        Assert.InRange(FallOf(t => -15 * (1 - Math.Cos(2 * Math.PI * t / 90))), 32, 50);
        Assert.InRange(FallOf(t => t < 10 ? -4 * t : -20 * (1 + Math.Cos(Math.PI * (t - 10) / 60))), 28, 44);     // falls fast, comes back slowly
    }

    private static float FallOf(Func<double, double> shape)
    {
        var excursions = new CtgExcursions();
        for (var i = 0; i < 200; i++)
            if (excursions.Take((float)(i is >= 50 and < 130 ? shape(i - 50) : 0), out var ended))
                return ended.FlankSeconds;
        return float.NaN;
    }

    private static List<FhrSample> Judge(float[] samples, double rateHz)
    {
        var artefacts = new FhrArtefacts(rateHz);
        var judged = new List<FhrSample>();
        foreach (var sample in samples)
            if (artefacts.Take(sample, out var one))
                judged.Add(one);
        return judged;
    }

    private static float[] CellsOf(int seed, int minutes, double loss)
    {
        var samples = new SyntheticCtg(new CtgScenario { Seed = seed, Minutes = minutes, Loss = loss, Decelerations = 0.8 }).Rates;
        return NaiveCtg.Cells(NaiveCtg.Usable(samples, 4), 4);
    }

    /// <summary>Noise, plateaus of all heights and lengths, holes.</summary>
    private static float[] RandomDeviations(int seed)
    {
        var random = new Random(seed);
        var deviations = new List<float>();
        while (deviations.Count < 3000)
        {
            var (height, length) = (random.Of(0, 0, 4, 8, 20, -8, -20, -40), (int)random.LogUniform(2, random.Next(10) == 0 ? 900 : 90));
            var isLost = random.Next(8) == 0;
            for (var i = 0; i < length; i++)
                deviations.Add(isLost ? float.NaN : height + (float)(2 * random.Normal()));
        }
        return [.. deviations];
    }
}
