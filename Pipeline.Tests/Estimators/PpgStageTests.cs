using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimators;

public class PpgStageTests
{
    [Theory]
    [InlineData(25)]
    [InlineData(64)]
    [InlineData(125)]
    [InlineData(249.89)]
    public void A_pulse_at_rest_is_counted_at_every_rate(double rateHz)
    {
        var estimates = new PpgSignal { RateHz = rateHz, HeartRate = _ => 63 }.Estimates();

        Assert.Equal(27, estimates.Count);
        Assert.All(estimates, e => Assert.Equal(EstimateStatus.Ok, e.Status));
        Assert.All(estimates.Skip(3), e => Assert.InRange(e.Value, 61, 65));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Motion_stronger_than_the_pulse_is_not_taken_for_it(int pulseChannels)
    {
        var signal = new PpgSignal
        {
            Seconds = 120,
            PulseChannels = pulseChannels,
            MotionGain = 1.5,
            Motion = t => t > 20 ? 150 : 0,
            HeartRate = t => 80 + t / 3,
        };

        var estimates = signal.Estimates();

        for (var k = 5; k < estimates.Count; k++)
            Assert.InRange(estimates[k].Value, 80 + (2 * k + 4) / 3.0 - 6, 80 + (2 * k + 4) / 3.0 + 6);
    }

    [Fact]
    public void A_lost_track_is_found_again_and_the_quality_falls_meanwhile()
    {
        var signal = new PpgSignal { Seconds = 90, HeartRate = t => t < 40 ? 65 : 130 };

        var estimates = signal.Estimates();

        var lost = estimates.Skip(20).TakeWhile(e => e.Value < 100).ToList();     // windows that start from 40 s hold the new rate alone
        Assert.InRange(lost.Count, 0, 5);
        Assert.InRange(estimates.Skip(18).Take(lost.Count + 3).Min(e => e.Quality), 0, PpgStage.GoodQuality);
        Assert.All(estimates.Skip(20 + lost.Count), e => Assert.InRange(e.Value, 128, 132));
    }

    [Fact]
    public void Sensor_off_is_flat_and_has_no_value()
    {
        var estimates = new PpgSignal { Spoil = (_, t, value) => t > 30 ? 5 : value }.Estimates();

        Assert.All(estimates.Skip(16), e => Assert.Equal((EstimateStatus.Flat, true, 0.0), (e.Status, double.IsNaN(e.Value), e.Quality)));
    }

    [Fact]
    public void Missing_samples_are_bridged_and_more_than_half_of_a_window_are_a_gap()
    {
        var estimates = new PpgSignal { Spoil = (c, t, value) => c == 0 && t is > 30 and < 36 ? double.NaN : value }.Estimates();

        Assert.Equal(EstimateStatus.Ok, estimates[12].Status);
        Assert.InRange(estimates[12].Coverage, 0.70, 0.80);
        Assert.Equal(EstimateStatus.Gap, estimates[14].Status);
        Assert.InRange(estimates[^1].Value, 71, 73);
    }

    [Fact]
    public void The_results_do_not_depend_on_how_samples_were_cut()
    {
        var whole = new PpgSignal().Estimates(60);

        Assert.Equal(whole, new PpgSignal().Estimates(1));
        Assert.Equal(whole, new PpgSignal().Estimates(0.137));
    }

    [Theory]
    [InlineData(40, true)]
    [InlineData(45, false)]
    [InlineData(200, true)]
    public void Slow_and_fast_hearts_are_not_taken_for_a_multiple(double heartRate, bool accelerometer)
    {
        var estimates = new PpgSignal { HeartRate = _ => heartRate, Accelerometer = accelerometer, Noise = 0.05 }.Estimates();

        Assert.All(estimates.Skip(8), e => Assert.InRange(e.Value, heartRate - 2, heartRate + 2));
    }

    [Fact]
    public void Lead_off_has_no_value()
    {
        var estimates = new PpgSignal { LeadOff = t => t >= 30 ? 1u : 0 }.Estimates();

        Assert.Equal(EstimateStatus.Ok, estimates[10].Status);
        Assert.All(estimates.Skip(13), e => Assert.Equal(EstimateStatus.Flat, e.Status));
    }

    [Fact]
    public void A_channel_that_is_off_is_left_out_and_the_other_used()
    {
        var estimates = new PpgSignal { PulseChannels = 2, Spoil = (c, t, value) => c == 0 && t > 20 ? 0 : value }.Estimates();

        Assert.All(estimates.Skip(5), e => Assert.InRange(e.Value, 70, 74));
    }

    [Fact]
    public void A_signal_at_the_rail_is_saturated_and_a_clipped_one_is_worth_less()
    {
        var clean = new PpgSignal().Estimates();
        var clipped = new PpgSignal { Spoil = (c, _, value) => c == 0 ? Math.Max(value, 5.1) : value }.Estimates();
        var railed = new PpgSignal { Spoil = (c, _, value) => c == 0 ? Math.Min(value, 5.02) : value, Noise = 0.001 }.Estimates();

        Assert.InRange(clipped[20].Value, 71, 73);
        Assert.True(clipped[20].Quality < clean[20].Quality - 0.1);
        Assert.All(railed, e => Assert.Equal(EstimateStatus.Saturated, e.Status));
    }

    [Fact]
    public void Noise_without_a_pulse_has_no_value()
    {
        var estimates = new PpgSignal { Noise = 1, Spoil = (c, _, value) => value, HeartRate = _ => 0 }.Estimates();

        Assert.All(estimates, e => Assert.Equal(EstimateStatus.LowQuality, e.Status));
    }

    [Fact]
    public void A_signal_that_begins_late_warms_up()
    {
        var first = new PpgSignal { Spoil = (_, t, value) => t < 5 ? double.NaN : value }.Estimates();

        Assert.Equal(EstimateStatus.WarmingUp, first[0].Status);
        Assert.Equal(EstimateStatus.Ok, first[1].Status);
    }

    [Fact]
    public void An_ECG_of_the_same_device_changes_nothing()
    {
        var alone = new PpgSignal { Noise = 0 };
        var beside = new PpgSignal { Noise = 0, Ecg = true, LeadOff = t => t > 30 ? 1u << 4 : 0 };

        Assert.Equal(alone.Estimates(), beside.Estimates().Where(e => e.Signal == SignalKind.Ppg));
    }

    [Fact]
    public void Neither_gain_nor_sign_of_the_sensor_matters()
    {
        var plain = new PpgSignal { MotionGain = 0.5, Motion = _ => 130, HeartRate = _ => 90 }.Estimates();
        Prop.ForAll(Gen.Choose(-40, 40).ToArbitrary(), exponent =>
        {
            var gain = (exponent % 2 == 0 ? 1 : -1) * MathF.Pow(10, exponent / 8f);
            var scaled = new PpgSignal { MotionGain = 0.5, Motion = _ => 130, HeartRate = _ => 90 }.Estimates(scale: gain);
            for (var k = 0; k < plain.Count; k++)
                Assert.InRange(scaled[k].Value - plain[k].Value, -1.5, 1.5);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(12));
    }

    [Fact]
    public void Whatever_comes_in_a_value_is_a_number_exactly_when_the_status_is_ok()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var rates = new[] { 20.0, 25, 31.7, 64, 100, 124.945, 256 };
            var signal = new PpgSignal
            {
                Seed = seed,
                RateHz = rates[random.Next(rates.Length)],
                Seconds = 24,
                PulseChannels = random.Next(1, 5),
                Accelerometer = random.Next(2) == 0,
                Noise = Math.Pow(10, random.Next(-6, 3)),
                HeartRate = _ => random.Next(20, 300),
                Spoil = Spoiler(random),
            };
            foreach (var e in signal.Estimates())
            {
                Assert.Equal(e.Status == EstimateStatus.Ok, double.IsFinite(e.Value) && double.IsFinite(e.Sigma) && e.Sigma > 0);
                Assert.Equal(e.Status != EstimateStatus.Ok, double.IsNaN(e.Value) && double.IsNaN(e.Sigma));
                Assert.InRange(e.Quality, 0, 1);
                Assert.InRange(e.Coverage, 0, 1);
                if (e.Status == EstimateStatus.Ok)
                    Assert.InRange(e.Value, 25, 245);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public void Nothing_is_allocated_once_the_five_minutes_of_intervals_are_full()
    {
        var chunks = new PpgSignal { Seconds = 420, PulseChannels = 2 }.Chunks().ToList();

        var allocated = Allocation.Least(() =>
        {
            var stream = new DeviceStream(WindowShape.Default, first => Stages.Create(first.Channels, first.RateHz), chunks[0]);
            var output = new StageOutput();
            Pass(stream, output, 0, 310);       // the intervals' memory grows with the heart rate until then
            var before = GC.GetAllocatedBytesForCurrentThread();
            Pass(stream, output, 310, 400);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });

        Assert.Equal(0, allocated);

        void Pass(DeviceStream stream, StageOutput output, int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                stream.Accept(chunks[i]);
                while (stream.TryNext(output, out _))
                    output.Clear();
            }
        }
    }

    /// <summary>Dropouts, infinities, constants, spikes, huge numbers, at random times.</summary>
    private static Func<int, double, double, double> Spoiler(Random random)
    {
        var (from, length, kind) = (24 * random.NextDouble(), 12 * random.NextDouble(), random.Next(7));
        return (_, t, value) => t < from || t > from + length ? value : kind switch
        {
            0 => double.NaN,
            1 => 7,
            2 => random.Next(3) == 0 ? double.PositiveInfinity : value,
            3 => 3e38 * (random.NextDouble() - 0.5),
            4 => value * 1e-30,
            5 => random.Next(2) == 0 ? double.NaN : value,
            _ => Math.Round(value),
        };
    }
}
