using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Estimators;

public sealed class AbpStageTests
{
    [Theory]
    [InlineData(62.4725)]
    [InlineData(125)]
    [InlineData(250)]
    [InlineData(500)]
    public void Every_pulse_is_found_at_its_foot_and_the_dicrotic_wave_is_none(double rateHz)
    {
        var (samples, feet) = Pressure(rateHz, 60, beat => 0.8 + 0.05 * Math.Sin(beat));

        var results = Run(samples, rateHz);

        var found = StageRun.BeatSeconds(results, rateHz).Where(f => f < 59.7).ToArray();
        Assert.Equal((0, 0), StageRun.Compare(feet, found, 0.045));
        Assert.All(results.SelectMany(r => r.Estimates).Where(e => e.Metric == Metric.HeartRate), e =>
        {
            Assert.Equal(EstimateStatus.Ok, e.Status);
            Assert.InRange(e.Value, 70, 80);
            Assert.InRange(e.Quality, 0.9, 1);
        });
    }

    [Theory]
    [InlineData(0.35)]
    [InlineData(1.5)]
    public void Fast_and_slow_hearts_are_followed(double interval)
    {
        var (samples, feet) = Pressure(125, 60, _ => interval);

        var found = StageRun.BeatSeconds(Run(samples, 125), 125);

        Assert.Equal((0, 0), StageRun.Compare(feet, [.. found.Where(f => f < 59.7)], 0.05));
    }

    [Fact]
    public void A_flushed_or_lost_line_has_no_rate()
    {
        var (samples, _) = Pressure(125, 60, _ => 0.8);
        samples.AsSpan(15 * 125, 20 * 125).Fill(290);
        samples.AsSpan(35 * 125, 15 * 125).Fill(float.NaN);

        var estimates = Run(samples, 125).SelectMany(r => r.Estimates).ToArray();

        Assert.Contains(estimates, e => e.Status == EstimateStatus.Flat);
        Assert.Contains(estimates, e => e.Status == EstimateStatus.Gap);
        Assert.Equal(EstimateStatus.Ok, estimates[0].Status);
        Assert.Equal(EstimateStatus.Ok, estimates[^1].Status);
    }

    [Fact]
    public void A_pulse_depends_on_nothing_later_than_a_second_after_it()
    {
        var (samples, _) = Pressure(125, 30, beat => 0.7 + 0.1 * Math.Sin(beat));
        var whole = StageRun.BeatSeconds(Run(samples, 125), 125);

        Prop.ForAll(Gen.Choose(150, samples.Length).ToArbitrary(), cut =>
        {
            var found = StageRun.BeatSeconds(Run(samples[..cut], 125), 125);
            return whole.Where(b => b < cut / 125.0 - 1).SequenceEqual(found.Where(b => b < cut / 125.0 - 1));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));
    }

    /// <summary>Pulses of 80 over 120 mmHg with a dicrotic wave, in samples; and the seconds of their feet.</summary>
    private static (float[] Samples, double[] Feet) Pressure(double rateHz, double seconds, Func<int, double> interval)
    {
        var samples = new float[(int)(seconds * rateHz)];
        var feet = new List<double>();
        var random = new Random(2);
        var foot = 0.3;
        var end = -0.5;
        for (var beat = 0; foot < seconds; beat++)
        {
            feet.Add(foot);
            var next = foot + interval(beat);
            for (var i = (int)Math.Max(0, Math.Ceiling(end * rateHz)); i < samples.Length && i / rateHz < next; i++)
                samples[i] = (float)(Wave(i / rateHz - foot, next - foot) + 0.2 * SyntheticEcg.Normal(random));
            end = next;
            foot = next;
        }
        return (samples, [.. feet.Where(f => f < seconds - 0.3)]);
    }

    private static double Wave(double time, double interval)
    {
        if (time < 0)
            return 80;
        var phase = time / interval;
        var rise = Math.Min(1, time / 0.12);
        var systole = 40 * Math.Sin(Math.PI / 2 * rise) * Math.Exp(-Math.Max(0, time - 0.12) / 0.25);
        var dicrotic = 5 * Math.Exp(-Math.Pow((time - 0.36) / 0.04, 2));
        return 80 + (systole + dicrotic) * (1 - phase * phase);
    }

    private static WindowResult[] Run(float[] samples, double rateHz)
    {
        var layout = new ChannelLayout(new Channel("ABP", SignalKind.Abp, "mm[Hg]"));
        return [.. StreamRun.Of(StageRun.Chunked([samples], layout, rateHz, (int)rateHz))];
    }
}
