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
    public void A_ventricular_beat_repeats_one_of_the_two_before_it_or_not()
    {
        // Ventricular beats alone, then runs of six.
        var single = Labelled(Ectopic, Ectopic.Samples()).Where(one => one.Beat.Label == BeatLabel.Ventricular).ToArray();
        var runs = new SyntheticEcg { Seconds = 120, Ectopic = beat => beat % 18 >= 12, Interval = beat => beat % 18 is >= 11 and < 17 ? 0.45 : 0.8 };
        var inRuns = Labelled(runs, runs.Samples()).Where(one => one.Beat.Label == BeatLabel.Ventricular).Skip(6).ToArray();

        Assert.All(single, one => Assert.True(one.Beat.Repeat < 0.8));
        Assert.InRange(inRuns.Count(one => one.Beat.Repeat > 0.95), 0.75 * inRuns.Length, inRuns.Length);
        Assert.All(Labelled(runs, runs.Samples()), one => Assert.Equal(one.Beat.Label == BeatLabel.Ventricular, !float.IsNaN(one.Beat.Repeat)));
        Assert.All(inRuns, one => Assert.InRange(one.Beat.Certainty, 0.5f, 1));
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

    // A run of twenty beats that begins with one interval and is as fast as the first of them, every two minutes of a slower rhythm.
    [Fact]
    public void A_run_of_early_narrow_beats_is_supraventricular_to_its_end()
    {
        static bool IsInRun(int beat) => beat % 120 is >= 100 and < 120;
        var tachycardia = new SyntheticEcg { Seconds = 200, Interval = beat => IsInRun(beat + 1) ? 0.45 : 0.8 + 0.02 * Math.Sin(beat) };
        var times = tachycardia.Beats();

        var found = Run(StageRun.Chunked([tachycardia.Samples()], Layout(1), RateHz, 250));

        var ofRun = found.Where(beat => IsInRun(Array.FindIndex(times, time => Math.Abs(time - beat.SampleIndex / RateHz) < 0.05))).ToList();
        Assert.True(ofRun.Count >= 38);
        Assert.InRange(ofRun.Count(beat => beat.Label == BeatLabel.Supraventricular), ofRun.Count - 2, ofRun.Count);
        Assert.InRange(found.Count(beat => beat.Label != BeatLabel.Normal) - ofRun.Count(beat => beat.Label != BeatLabel.Normal), 0, 2);
    }

    [Fact]
    public void In_fibrillation_no_beat_is_supraventricular()
    {
        var random = new Random(5);
        var intervals = Enumerable.Range(0, 600).Select(_ => 0.45 + 0.6 * random.NextDouble()).ToArray();
        var fibrillation = new SyntheticEcg { Seconds = 240, Interval = beat => intervals[beat] };

        var found = Run(StageRun.Chunked([fibrillation.Samples()], Layout(1), RateHz, 250));

        Assert.True(found.Count > 250);
        Assert.InRange(found.Skip(70).Count(beat => beat.Label == BeatLabel.Supraventricular), 0, 2);
    }

    [Fact]
    public void Ventricular_beats_that_are_more_frequent_than_normal_ones_for_a_while_do_not_become_the_usual_beat()
    {
        // After a minute two of three beats are ventricular.
        var trigeminy = new SyntheticEcg
        {
            Seconds = 240,
            Ectopic = beat => beat > 75 && beat % 3 != 0,
            Interval = beat => beat < 75 ? 0.8 + 0.02 * Math.Sin(beat) : (beat % 3) switch { 0 => 0.5, 1 => 0.5, _ => 1 },
        };
        var beats = Labelled(trigeminy, trigeminy.Samples());

        var late = beats.Skip(80).ToList();
        Assert.True(late.Count > 200);
        Assert.InRange(late.Count(one => one.IsEctopic == (one.Beat.Label == BeatLabel.Ventricular)), (int)(0.98 * late.Count), late.Count);
    }

    // What version 1 wrote of a stage before its first beat: forms, counts, shares and which is usual; intervals, their count and place, the last beat, unevenness; how early and how far off it was.
    [Fact]
    public void A_state_of_version_1_is_read_and_goes_on()
    {
        const int points = BeatForms.Kept * 49, intervals = 60;
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        void Zeros(int count, int size)
        {
            writer.Write(count);
            writer.Write(new byte[count * size]);
        }
        Zeros(points, sizeof(short));
        Zeros(BeatForms.Kept, sizeof(byte));
        Zeros(BeatForms.Kept, sizeof(float));
        writer.Write(-1);
        Zeros(intervals, sizeof(ushort));
        writer.Write(0);
        writer.Write(0);
        writer.Write(double.NaN);
        writer.Write(0.05f);
        writer.Write(float.NaN);
        writer.Write(float.NaN);
        var (state, older) = (new StateTransfer(), new BeatStage(Layout(1), RateHz));

        state.BeginReading(bytes.ToArray(), 1);
        older.Transfer(state);

        Assert.Null(state.EndReading());
        var chunks = StageRun.Chunked([Ectopic.Samples()], Layout(1), RateHz, 250).ToArray();
        Beat[] Of(BeatStage stage) => [.. StreamRun.Of(chunks, first => [new EcgStage(first.Channels, first.RateHz, StageRun.Network), stage]).SelectMany(window => window.Beats)];
        Assert.Equal(Of(new BeatStage(Layout(1), RateHz)), Of(older));
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
                state.BeginWriting(parts.StateVersion);
                parts.Transfer(state);
                var bytes = state.EndWriting();
                longest = Math.Max(longest, bytes.Length);
                parts = new BeatStage(layout, RateHz);
                state.BeginReading(bytes, parts.StateVersion);
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
