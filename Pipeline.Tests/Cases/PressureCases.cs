using Pipeline.Benchmarks.Faults;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Cases;

/// <summary>A value only where there are pulses: synthetic arterial pressure of many kinds, rates and seeds.</summary>
public sealed class PressureCases
{
    private const int FirstSeed = 300;
    private const int Seeds = 10;

    [Theory]
    [InlineData("deep-notch")]
    [InlineData("very-deep-notch")]
    [InlineData("dicrotic-wave")]
    public void A_dicrotic_wave_is_no_pulse_or_there_is_no_rate(string kind) => AssertRight(kind, mostWrong: 0.01);

    [Fact]
    public void A_deep_notch_alone_takes_no_value_away() =>
        Assert.All(Cases("deep-notch").SelectMany(Whole), w => Assert.Equal(EstimateStatus.Ok, w.Estimates[0].Status));

    [Theory]
    [InlineData("small-pulse")]
    [InlineData("small-pulse-noisy")]
    public void A_pulse_pressure_of_8_to_20_mmHg_has_a_rate(string kind)
    {
        AssertRight(kind, mostWrong: 0);
        Assert.True(ShareOk(kind) >= 0.98);
    }

    [Theory]
    [InlineData("noise")]
    [InlineData("breathing")]
    [InlineData("flushed")]
    public void Without_a_pulse_there_is_no_rate(string kind) =>
        Assert.All(Cases(kind).SelectMany(Whole), w => Assert.NotEqual(EstimateStatus.Ok, w.Estimates[0].Status));

    [Theory]
    [InlineData("holes-missing")]
    [InlineData("holes-zero")]
    [InlineData("holes-held")]
    [InlineData("packets-missing")]
    [InlineData("packets-zero")]
    public void With_samples_lost_the_rate_is_right_or_there_is_none(string kind) => AssertRight(kind, mostWrong: 0.01);

    [Fact]
    public void Packets_that_repeat_the_last_value_are_told_unless_the_signal_is_rounded_as_coarsely() => AssertRight("packets-held", mostWrong: 0.05);

    [Theory]
    [InlineData(nameof(LossFill.Missing))]
    [InlineData(nameof(LossFill.Zero))]
    [InlineData(nameof(LossFill.Held))]
    public void Holes_of_200_ms_over_each_fifth_pulse_lower_the_quality_and_leave_the_rate_right(string fill)
    {
        foreach (var one in Cases("pressure"))
        {
            var windows = Whole(SampleLoss.OverBeats(one, 5, 0.2, Enum.Parse<LossFill>(fill), new Random(4)));

            Assert.All(windows, w => Assert.False(IsWrong(one, w)));
            Assert.True(windows.Average(w => w.Estimates[0].Quality) < Whole(one).Average(w => w.Estimates[0].Quality) - 0.03);
        }
    }

    [Theory]
    [InlineData("pressure", 0)]
    [InlineData("irregular", 0.03)]
    [InlineData("alternans", 0)]
    public void What_is_in_order_keeps_its_rate(string kind, double mostLost)
    {
        AssertRight(kind, mostWrong: 0.01);
        Assert.True(ShareOk(kind) >= 1 - mostLost);
    }

    [Fact]
    public void A_line_that_is_opened_to_air_has_no_rate_four_seconds_after_its_last_pulse()
    {
        foreach (var one in Cases("pressure"))
        {
            var open = one with { Leads = [[.. one.Leads[0].Select((value, i) => i < 40 * one.RateHz ? value : 0)]] };

            Assert.All(Whole(open).Where(w => w.Window.EndIndex > 45 * one.RateHz), w => Assert.NotEqual(EstimateStatus.Ok, w.Estimates[0].Status));
        }
    }

    private static IEnumerable<FaultCase> Cases(string kind) => Enumerable.Range(FirstSeed, Seeds).Select(seed => PressureKinds.Of(kind, seed));

    private static WindowResult[] Whole(FaultCase one) => [.. RateFaults.Run(one, SignalKind.Abp).Where(r => !r.Window.IsTail)];

    private static double ShareOk(string kind)
    {
        var windows = Cases(kind).SelectMany(Whole).ToArray();
        return windows.Count(w => w.Estimates[0].Status == EstimateStatus.Ok) / (double)windows.Length;
    }

    private static void AssertRight(string kind, double mostWrong)
    {
        var (windows, wrong) = (0, new List<string>());
        foreach (var one in Cases(kind))
            foreach (var window in Whole(one))
            {
                windows++;
                if (IsWrong(one, window))
                    wrong.Add($"{window.Estimates[0].Value:F1} at {window.Window.StartIndex / one.RateHz} s of {one.RateHz} Hz");
            }
        Assert.True(wrong.Count <= mostWrong * windows, string.Join('\n', wrong));
    }

    private static bool IsWrong(FaultCase one, WindowResult window) => window.Estimates[0].Status == EstimateStatus.Ok
        && one.IsWrong(window.Estimates[0].Value, window.Window.StartIndex / one.RateHz, window.Window.EndIndex / one.RateHz);
}
