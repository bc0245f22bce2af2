using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Estimators;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Beats;

/// <summary>What the beats of an ECG are said to be.</summary>
public sealed class BeatStageTests
{
    private const double RateHz = 250;

    // Every ninth beat is wide, early and followed by a pause.
    private static readonly SyntheticEcg Ectopic = new()
    {
        Seconds = 120,
        Ectopic = beat => beat % 9 == 8,
        Interval = beat => (beat % 9) switch { 7 => 0.52, 8 => 1.08, _ => 0.8 + 0.02 * Math.Sin(beat) },
    };

    [Fact]
    public void Wide_early_beats_are_ventricular_and_the_others_normal()
    {
        var beats = Labelled(Ectopic, Ectopic.Samples());

        foreach (var (isEctopic, beat) in beats.Skip(9))
        {
            Assert.Equal(isEctopic ? BeatLabel.Ventricular : BeatLabel.Normal, beat.Label);
            Assert.InRange(beat.Probability, 0.5f, 1);
        }
        Assert.True(beats.Skip(9).Where(one => one.IsEctopic).Min(one => one.Beat.Anomaly) > beats.Skip(9).Where(one => !one.IsEctopic).Max(one => one.Beat.Anomaly) + 0.5);
    }

    [Fact]
    public void Beats_that_only_come_early_are_more_abnormal_than_the_others()
    {
        var early = new SyntheticEcg { Seconds = 120, Interval = beat => (beat % 9) switch { 7 => 0.52, 8 => 0.9, _ => 0.8 + 0.02 * Math.Sin(beat) } };
        var beats = StageRun.Chunked([early.Samples()], Layout(1), RateHz, 250);

        var found = Run(beats);

        var times = early.Beats();
        var isEarly = found.Select(beat => Array.FindIndex(times, time => Math.Abs(time - beat.SampleIndex / RateHz) < 0.05) % 9 == 8).ToArray();
        var abnormal = found.Where((_, i) => isEarly[i]).Skip(2).Min(beat => beat.Anomaly);
        Assert.True(abnormal > found.Where((_, i) => !isEarly[i]).Skip(20).Max(beat => beat.Anomaly));
    }

    [Fact]
    public void Gain_offset_and_polarity_do_not_matter()
    {
        var whole = Labelled(Ectopic, Ectopic.Samples());
        var turned = Labelled(Ectopic, Array.ConvertAll(Ectopic.Samples(), sample => -3 * sample + 7));

        Assert.Equal(whole.Count, turned.Count);
        var same = whole.Zip(turned).Count(pair => pair.First.Beat.Label == pair.Second.Beat.Label);
        Assert.InRange(same, whole.Count - 2, whole.Count);
    }

    [Fact]
    public void A_beat_of_which_all_leads_are_missing_cannot_be_classified()
    {
        var beats = new List<Beat> { new(1000, SignalKind.Ecg, BeatKind.Qrs), new(1200, SignalKind.Ppg, BeatKind.Pulse) };
        var layout = Layout(1);
        var samples = new float[(int)(8 * RateHz)];
        Array.Fill(samples, float.NaN);
        var output = new StageOutput();
        output.Beats.AddRange(beats);
        var windower = new SlidingWindower(WindowShape.Default, layout, SampleFormat.Float32, RateHz);
        foreach (var chunk in StageRun.Chunked([samples], layout, RateHz, samples.Length))
            windower.Begin(chunk);
        Assert.True(windower.TryNext(out var window));

        new BeatStage(layout, RateHz).Accept(window, output);

        Assert.Equal((BeatLabel.Unclassifiable, float.NaN, float.NaN), (output.Beats[0].Label, output.Beats[0].Probability, output.Beats[0].Anomaly));
        Assert.Equal(BeatLabel.None, output.Beats[1].Label);
    }

    [Fact]
    public void It_goes_on_after_a_restore_at_any_window()
    {
        var leads = new[] { Ectopic.Samples(), Ectopic.Samples(0.4, 3) };
        leads[1].AsSpan(9000, 2000).Fill(float.NaN);
        var layout = Layout(2);
        var (whole, parts) = (new BeatStage(layout, RateHz), new BeatStage(layout, RateHz));
        var ecg = new EcgStage(layout, RateHz, StageRun.Network);
        var (output, copy, state) = (new StageOutput(), new StageOutput(), new StateTransfer());
        var windower = new SlidingWindower(WindowShape.Default, layout, SampleFormat.Float32, RateHz);
        var longest = 0;
        foreach (var chunk in StageRun.Chunked(leads, layout, RateHz, 250))
        {
            windower.Begin(chunk);
            while (windower.TryNext(out var window))
            {
                ecg.Accept(window, output);
                copy.Beats.AddRange(output.Beats);
                whole.Accept(window, output);
                parts.Accept(window, copy);
                Assert.Equal(output.Beats, copy.Beats);
                output.Clear();
                copy.Clear();
                state.BeginWriting(1);
                parts.Transfer(state);
                var bytes = state.EndWriting();
                longest = Math.Max(longest, bytes.Length);
                parts = new BeatStage(layout, RateHz);
                state.BeginReading(bytes, 1);
                parts.Transfer(state);
                Assert.Null(state.EndReading());
            }
        }

        Assert.InRange(longest, 500, 1000);
    }

    [Fact]
    public void Nothing_is_allocated_after_the_first_window()
    {
        var (layout, lead) = (Layout(2), Ectopic.Samples());
        var chunks = StageRun.Chunked([lead, lead], layout, RateHz, 250).ToArray();

        var allocated = Allocation.Least(() =>
        {
            var (ecg, stage, output) = (new EcgStage(layout, RateHz, StageRun.Network), new BeatStage(layout, RateHz), new StageOutput());
            output.Beats.Capacity = output.Estimates.Capacity = 64;
            var windower = new SlidingWindower(WindowShape.Default, layout, SampleFormat.Float32, RateHz);
            var (all, before, windows) = (0L, 0L, 0);
            foreach (var chunk in chunks)
            {
                windower.Begin(chunk);
                while (windower.TryNext(out var window))
                {
                    ecg.Accept(window, output);
                    before = GC.GetAllocatedBytesForCurrentThread();
                    stage.Accept(window, output);
                    all += windows++ == 0 ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;
                    output.Clear();
                }
            }
            return all;
        });

        Assert.Equal(0, allocated);
    }

    private static ChannelLayout Layout(int leads) => new([.. Enumerable.Range(0, leads).Select(l => new Channel($"L{l}", SignalKind.Ecg, "mV"))]);

    private static List<(bool IsEctopic, Beat Beat)> Labelled(SyntheticEcg ecg, float[] samples)
    {
        var times = ecg.Beats();
        return [.. Run(StageRun.Chunked([samples], Layout(1), RateHz, 250)).Select(beat =>
            (ecg.Ectopic(Array.FindIndex(times, time => Math.Abs(time - beat.SampleIndex / RateHz) < 0.1)), beat))];
    }

    private static List<Beat> Run(IEnumerable<SampleChunk> chunks) =>
        [.. StreamRun.Of(chunks, first => [new EcgStage(first.Channels, first.RateHz, StageRun.Network), new BeatStage(first.Channels, first.RateHz)])
            .SelectMany(window => window.Beats)];
}
