using Pipeline.Benchmarks.Faults;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Cases;

/// <summary>A value only where there are beats: synthetic ECG of many kinds, rates and seeds, one and two leads, with the network that ships.</summary>
public sealed class EcgCases
{
    private const int FirstSeed = 300;
    private const int Seeds = 8;

    [Theory]
    [InlineData("white")]
    [InlineData("pink")]
    [InlineData("walk")]
    [InlineData("muscle")]
    [InlineData("motion")]
    public void Noise_has_no_rate(string kind) =>
        Assert.All(Cases(kind), one => Assert.DoesNotContain(Whole(one), w => w.Estimates[0].Status == EstimateStatus.Ok));

    [Fact]
    public void Waves_of_ventricular_fibrillation_have_no_rate_and_are_named()
    {
        var windows = Cases("vf").SelectMany(Whole).ToArray();

        Assert.True(Share(windows, EstimateStatus.Ok) <= 0.01);
        Assert.True(Share(windows, EstimateStatus.VentricularFibrillation) >= 0.95);
    }

    [Fact]
    public void Fibrillation_after_beats_is_named_within_the_first_two_windows_without_a_beat()
    {
        var windows = Cases("vf-after-beats").SelectMany(After).ToArray();

        Assert.Equal(0, Share(windows, EstimateStatus.Ok));
        Assert.True(Share(windows, EstimateStatus.VentricularFibrillation) >= 0.9);
    }

    [Fact]
    public void Asystole_is_named_from_the_first_window_without_a_beat_on()
    {
        var windows = Cases("asystole-after-beats").SelectMany(After).ToArray();

        Assert.True(Share(windows, EstimateStatus.Asystole) >= 0.99);
        Assert.Equal(0, Share(windows, EstimateStatus.Ok));
    }

    [Fact]
    public void A_recording_that_begins_in_asystole_is_named_so() =>
        Assert.All(Cases("asystole").SelectMany(Whole), w => Assert.Equal(EstimateStatus.Asystole, w.Estimates[0].Status));

    [Theory]
    [InlineData("pauses")]
    [InlineData("slow")]
    [InlineData("sinus")]
    [InlineData("af")]
    [InlineData("low")]
    public void Beats_are_never_called_asystole_or_fibrillation(string kind) =>
        Assert.All(Cases(kind).SelectMany(Whole), w => Assert.False(w.Estimates[0].Status is EstimateStatus.Asystole or EstimateStatus.VentricularFibrillation));

    [Theory]
    [InlineData(0)]
    [InlineData(0.005)]
    public void A_line_at_one_value_or_flickering_between_two_is_a_lead_off(double flicker)
    {
        var random = new Random(1);
        var line = Enumerable.Range(0, 40 * 250).Select(_ => (float)(flicker * random.Next(2))).ToArray();

        Assert.All(Whole(new FaultCase("flat", 250, [line], [])), w => Assert.Equal(EstimateStatus.Flat, w.Estimates[0].Status));
    }

    [Fact]
    public void An_input_that_floats_and_takes_up_hum_is_no_asystole()
    {
        var random = new Random(2);
        var line = new double[40 * 250];
        random.AddHum(line, 250, 0.6);
        random.AddWhite(line, 0.005);

        Assert.All(Whole(new FaultCase("hum", 250, [Draw.Quantised(line, 0.005)], [])), w => Assert.Equal(EstimateStatus.LowQuality, w.Estimates[0].Status));
    }

    [Fact]
    public void A_lead_that_is_off_beside_one_in_asystole_does_not_hide_it()
    {
        var one = EcgKinds.Of("asystole", FirstSeed);
        var both = one with { Leads = [new float[one.Leads[0].Length], one.Leads[0]] };

        Assert.All(Whole(both), w => Assert.Equal(EstimateStatus.Asystole, w.Estimates[0].Status));
    }

    [Fact]
    public void A_rate_ends_four_seconds_after_the_last_beat()
    {
        foreach (var one in Cases("asystole-after-beats"))
            foreach (var window in Whole(one).Where(w => w.Window.EndIndex / one.RateHz > one.Beats[^1] + 4.5))
                Assert.NotEqual(EstimateStatus.Ok, window.Estimates[0].Status);
    }

    [Theory]
    [InlineData("holes-missing")]
    [InlineData("holes-zero")]
    [InlineData("holes-zero-offset")]
    [InlineData("packets-missing")]
    [InlineData("packets-zero")]
    [InlineData("packets-held")]
    public void With_samples_lost_the_rate_is_right_or_there_is_none(string kind)
    {
        var (windows, wrong) = (0, 0);
        foreach (var one in Cases(kind))
            foreach (var window in Whole(one))
            {
                windows++;
                wrong += IsWrong(one, window, 2) ? 1 : 0;
                Assert.False(IsWrong(one, window, 5), $"{one.RateHz} {one.TruePerMinute(window.Window.StartIndex / one.RateHz, window.Window.EndIndex / one.RateHz)} {window.Estimates[0].Value} at {window.Window.StartIndex / one.RateHz} s");
            }
        Assert.True(wrong <= 0.01 * windows, $"{wrong} of {windows}");
    }

    [Fact]
    public void Atrial_fibrillation_with_packets_lost_has_no_rate_where_the_intervals_left_do_not_tell_it()
    {
        var cases = Cases("af-packets-missing").ToArray();

        Assert.True(cases.Sum(one => Whole(one).Count(w => IsWrong(one, w, 2))) <= 0.02 * cases.Sum(one => Whole(one).Length));
    }

    [Theory]
    [InlineData(nameof(LossFill.Missing))]
    [InlineData(nameof(LossFill.Zero))]
    [InlineData(nameof(LossFill.Held))]
    public void Holes_of_200_ms_over_each_fifth_beat_leave_the_rate_right_and_lower_the_quality(string fill)
    {
        foreach (var one in Cases("sinus").Where(c => c.RateHz >= 200))
        {
            var holes = SampleLoss.OverBeats(one, 5, 0.2, Enum.Parse<LossFill>(fill), new Random(4));
            var windows = Whole(holes);

            Assert.True(Share(windows, EstimateStatus.Ok) >= 0.8, Text(one, windows));
            Assert.All(windows, w => Assert.False(IsWrong(one, w, 2)));
            Assert.All(windows, w => Assert.InRange(w.Estimates[0].Quality, 0, 0.92));
        }
    }

    [Fact]
    public void The_quality_falls_with_the_share_that_is_lost()
    {
        var one = EcgKinds.Of("sinus", FirstSeed);
        double Mean(double share) => Whole(SampleLoss.OfPackets(one, 0.3, share, LossFill.Missing, new Random(5))).Average(w => w.Estimates[0].Quality);

        Assert.True(Mean(0) > Mean(0.05));
        Assert.True(Mean(0.05) > Mean(0.15));
        Assert.True(Mean(0.15) > Mean(0.4));
    }

    [Theory]
    [InlineData("sinus", 0)]
    [InlineData("slow", 0)]
    [InlineData("noise-free", 0)]
    [InlineData("coarse", 0.02)]
    [InlineData("fast", 0.05)]
    [InlineData("low", 0.02)]
    [InlineData("af", 0)]
    public void What_is_in_order_keeps_its_rate(string kind, double mostLost)
    {
        var windows = Cases(kind).SelectMany(one => Whole(one)).ToArray();

        Assert.True(Share(windows, EstimateStatus.Ok) >= 1 - mostLost, string.Join('\n', Cases(kind).Select(one => Text(one, Whole(one)))));
    }

    [Fact]
    public void The_rate_of_atrial_fibrillation_is_the_mean_of_its_intervals()
    {
        var wrong = Cases("af").Select(one => Whole(one).Count(w => IsWrong(one, w, 2))).ToArray();

        Assert.True(wrong.Sum() <= 0.03 * Seeds * 42, string.Join(' ', wrong));
    }

    [Fact]
    public void Quality_under_a_half_is_never_ok()
    {
        foreach (var kind in EcgKinds.WithoutBeats.Concat(EcgKinds.WithLoss))
            Assert.All(Whole(EcgKinds.Of(kind, FirstSeed)), w => Assert.True(w.Estimates[0].Quality >= 0.5 || w.Estimates[0].Status != EstimateStatus.Ok));
    }

    private static IEnumerable<FaultCase> Cases(string kind) => Enumerable.Range(FirstSeed, Seeds).Select(seed => EcgKinds.Of(kind, seed));

    private static WindowResult[] Whole(FaultCase one) => [.. RateFaults.Run(one, SignalKind.Ecg).Where(r => !r.Window.IsTail)];

    private static WindowResult[] After(FaultCase one) => [.. Whole(one).Where(w => w.Window.StartIndex >= EcgKinds.AsystoleAt * one.RateHz)];

    private static double Share(WindowResult[] windows, EstimateStatus status) =>
        windows.Count(w => w.Estimates[0].Status == status) / (double)windows.Length;

    private static string Text(FaultCase one, IEnumerable<WindowResult> windows) =>
        $"{one.Kind} at {one.RateHz} Hz, {one.Leads.Length} leads: {string.Join(' ', windows.Select(w => $"{w.Estimates[0].Status}/{w.Estimates[0].Value:F0}/{w.Estimates[0].Quality:F2}"))}";

    private static bool IsWrong(FaultCase one, WindowResult window, double tolerance) => window.Estimates[0].Status == EstimateStatus.Ok
        && one.IsWrong(window.Estimates[0].Value, window.Window.StartIndex / one.RateHz, window.Window.EndIndex / one.RateHz, tolerance);
}
