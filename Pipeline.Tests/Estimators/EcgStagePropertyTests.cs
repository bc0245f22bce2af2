using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimators;

public sealed class EcgStagePropertyTests
{
    private static readonly SyntheticEcg Ecg = new() { Seconds = 30, Noise = 0.03, Interval = beat => 0.75 + 0.2 * Math.Sin(1.7 * beat) };
    private static readonly float[] Lead = Ecg.Samples();

    [Fact]
    public void A_beat_depends_on_nothing_later_than_a_second_after_it()
    {
        var whole = StageRun.BeatSeconds(StageRun.Ecg(250, [Lead]), 250);

        Prop.ForAll(Gen.Choose(300, Lead.Length).ToArbitrary(), cut =>
        {
            var other = Lead.ToArray();
            var random = new Random(cut);
            for (var i = cut; i < other.Length; i++)
                other[i] = (float)(3 * SyntheticEcg.Normal(random));
            var changed = StageRun.BeatSeconds(StageRun.Ecg(250, [other]), 250);
            var cutOff = StageRun.BeatSeconds(StageRun.Ecg(250, [Lead[..cut]]), 250);
            var certain = cut / 250.0 - 1;
            var expected = whole.Where(b => b < certain);
            return expected.SequenceEqual(changed.Where(b => b < certain)) && expected.SequenceEqual(cutOff.Where(b => b < certain));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(25));
    }

    [Fact]
    public void However_the_samples_are_cut_into_chunks_the_results_are_the_same()
    {
        var whole = StageRun.Ecg(250, [Lead]);

        Prop.ForAll(Gen.Choose(1, 4000).ToArbitrary(), size =>
        {
            var cut = StageRun.Ecg(250, [Lead], chunk: size);
            return whole.SelectMany(r => r.Beats).SequenceEqual(cut.SelectMany(r => r.Beats))
                && whole.SelectMany(r => r.Estimates).SequenceEqual(cut.SelectMany(r => r.Estimates));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(12));
    }

    [Fact]
    public void Gain_offset_and_polarity_do_not_move_a_beat()
    {
        var whole = StageRun.BeatSeconds(StageRun.Ecg(250, [Lead]), 250);

        Prop.ForAll(Gen.Choose(-40, 40).Where(g => Math.Abs(g) > 3).ToArbitrary(), Gen.Choose(-50, 50).ToArbitrary(), (gain, offset) =>
        {
            var moved = Array.ConvertAll(Lead, v => (float)(v * gain / 10.0 + offset));
            var found = StageRun.BeatSeconds(StageRun.Ecg(250, [moved]), 250);
            return StageRun.Compare(whole, found, gain > 0 ? 0.0041 : 0.041) == (0, 0);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20));
    }

    [Fact]
    public void Missing_samples_and_infinities_never_reach_a_result()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            float[] bad = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e30f];
            var holed = Lead.ToArray();
            for (var hole = 0; hole < 12; hole++)
            {
                var from = random.Next(holed.Length);
                holed.AsSpan(from, Math.Min(random.Next(500), holed.Length - from)).Fill(bad[random.Next(bad.Length)]);
            }
            var results = StageRun.Ecg(250, [holed, Lead]);
            return results.SelectMany(r => r.Estimates).All(IsSound)
                && results.SelectMany(r => r.Beats).All(b => b.SampleIndex >= 0 && b.SampleIndex < holed.Length);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20));
    }

    [Fact]
    public void Nothing_is_allocated_after_the_first_window()
    {
        var layout = new ChannelLayout(new Channel("II", SignalKind.Ecg, "mV"), new Channel("V1", SignalKind.Ecg, "mV"));
        var chunks = StageRun.Chunked([Lead, Lead], layout, 250, 250).ToArray();
        var windows = 0;

        var allocated = Allocation.Least(() =>
        {
            var stage = new EcgStage(layout, 250, StageRun.Network);
            var windower = new SlidingWindower(WindowShape.Default, layout, SampleFormat.Float32, 250);
            var output = new StageOutput();
            output.Beats.Capacity = output.Estimates.Capacity = 256;
            var before = 0L;
            windows = 0;
            foreach (var chunk in chunks)
            {
                windower.Begin(chunk);
                while (windower.TryNext(out var window))
                {
                    stage.Accept(window, output);
                    output.Clear();
                    if (++windows == 1)
                        before = GC.GetAllocatedBytesForCurrentThread();
                }
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });

        Assert.Equal(0, allocated);
        Assert.True(windows > 10);
    }

    [Fact]
    public void A_stage_that_was_reset_is_as_a_new_one()
    {
        var layout = new ChannelLayout(new Channel("II", SignalKind.Ecg, "mV"));
        var stage = new EcgStage(layout, 250, StageRun.Network);
        WindowResult[] Run() => [.. StreamRun.Of(StageRun.Chunked([Lead], layout, 250, 250), _ => [stage])];

        var first = Run();
        stage.Reset();
        var second = Run();

        Assert.Equal(first.SelectMany(r => r.Beats), second.SelectMany(r => r.Beats));
        Assert.Equal(first.SelectMany(r => r.Estimates), second.SelectMany(r => r.Estimates));
    }

    private static bool IsSound(Estimate estimate) =>
        double.IsNaN(estimate.Value) == (estimate.Status != EstimateStatus.Ok)
        && double.IsNaN(estimate.Sigma) == double.IsNaN(estimate.Value)
        && estimate.Quality is >= 0 and <= 1
        && estimate.Coverage is >= 0 and <= 1;
}
