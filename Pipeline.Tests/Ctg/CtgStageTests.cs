using Pipeline.Benchmarks.Ctg;
using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Ctg;

/// <summary>A cardiotocograph's channels through the product's windows.</summary>
public sealed class CtgStageTests
{
    private static readonly ChannelLayout Single = new(new Channel("FHR", SignalKind.FetalHeartRate, "/min", 100), new Channel("UC", SignalKind.UterineActivity, "1", 100));

    private static readonly ChannelLayout Twins = new(
        new Channel("FHR1", SignalKind.FetalHeartRate, "/min", 100), new Channel("FHR2", SignalKind.FetalHeartRate, "/min", 100), new Channel("UC", SignalKind.UterineActivity, "1", 100));

    [Fact]
    public void A_window_has_the_monitors_rate_the_toco_and_the_features()
    {
        var trace = new SyntheticCtg(new CtgScenario { Seed = 1, Minutes = 90 });

        var windows = Run(ChunksOf(Single, trace.Rates, trace.Toco));

        foreach (var window in windows.Where(one => !one.Window.IsTail))
        {
            var (first, end) = ((int)window.Window.StartIndex, (int)window.Window.EndIndex);
            Assert.Equal(8, window.Estimates.Count);
            var rate = Estimate(window, Metric.FetalHeartRate);
            if (rate.Status == EstimateStatus.Ok && rate.Quality == 1)
                Assert.Equal(trace.Rates[first..end].Average(), rate.Value, 1e-2);
            Assert.Equal(trace.Toco[first..end].Average(), Estimate(window, Metric.UterineActivity).Value, 1e-2);
        }
        var last = windows.Last(one => !one.Window.IsTail);
        Assert.All(last.Estimates, estimate => Assert.Equal(EstimateStatus.Ok, estimate.Status));
        Assert.Equal(EstimateStatus.WarmingUp, Estimate(windows[3], Metric.FetalCategory).Status);
        Assert.Equal(trace.Events.Count(one => one.Kind == EventKind.Contraction), windows.Sum(one => one.Events.Count(e => e.Kind == EventKind.Contraction)), 1.0);
        Assert.All(windows.SelectMany(one => one.Events), one => Assert.DoesNotContain(",", one.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void A_gap_is_blank_and_nothing_in_it_is_filled()
    {
        var rates = Enumerable.Repeat(140f, 4 * 120).ToArray();
        Array.Clear(rates, 4 * 60, 4 * 20);

        var told = Run(ChunksOf(Single, rates, new float[rates.Length])).Where(one => !one.Window.IsTail)
            .ToDictionary(one => one.Window.EndIndex / 4, one => Estimate(one, Metric.FetalHeartRate));

        Assert.Equal(EstimateStatus.Ok, told[60].Status);
        foreach (var second in new[] { 62, 64, 70, 80, 82 })
            Assert.Equal((EstimateStatus.Gap, double.NaN), (told[second].Status, told[second].Value));
        Assert.Equal((EstimateStatus.Ok, 140, 0.5), (told[84].Status, told[84].Value, told[84].Coverage));
    }

    [Fact]
    public void Artefacts_are_left_out_of_the_rate_and_lower_its_quality()
    {
        var rates = Enumerable.Repeat(140f, 4 * 40).ToArray();
        (rates[80], rates[81], rates[82], rates[83]) = (70, 70, 235, 20);

        var told = Run(ChunksOf(Single, rates, new float[rates.Length])).Single(one => one.Window.EndIndex == 88);

        var rate = Estimate(told, Metric.FetalHeartRate);
        Assert.Equal((140, 28 / 32.0, 1, 1), (rate.Value, rate.Quality, rate.Coverage, rate.Sigma));
    }

    [Fact]
    public void Twins_have_a_signal_each_and_share_the_toco()
    {
        var (one, two) = (new SyntheticCtg(new CtgScenario { Seed = 1, Minutes = 40, Baseline = 120 }), new SyntheticCtg(new CtgScenario { Seed = 2, Minutes = 40, Baseline = 150 }));

        var last = Run(ChunksOf(Twins, one.Rates, two.Rates, one.Toco)).Last(window => !window.Window.IsTail);

        Assert.Equal(14, last.Estimates.Select(estimate => (estimate.Signal, estimate.Metric)).Distinct().Count());
        double Baseline(SignalKind signal) => last.Estimates.Single(estimate => estimate.Signal == signal && estimate.Metric == Metric.FetalBaseline).Value;
        Assert.Equal(one.Baseline[^1], Baseline(SignalKind.FetalHeartRate), 5.0);
        Assert.Equal(two.Baseline[^1], Baseline(SignalKind.SecondFetalHeartRate), 5.0);
    }

    [Fact]
    public void How_the_samples_are_cut_and_where_a_process_restarts_changes_nothing()
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var (random, trace) = (new Random(seed), new SyntheticCtg(new CtgScenario { Seed = seed, Minutes = 60, Loss = 0.2, Decelerations = 0.8 }));
            var whole = SaidBy(ChunksOf(Single, trace.Rates, trace.Toco), -1, out _);
            var pieces = ChunksOf(Single, random, trace.Rates, trace.Toco);

            Assert.Equal(whole, SaidBy(pieces, -1, out _));
            Assert.Equal(whole, SaidBy(pieces, random.Next(1, pieces.Count), out var bytes));
            Assert.InRange(bytes, 1, 64 << 10);
        }
    }

    [Fact]
    public void A_stage_that_threw_goes_back_to_before_the_chunk()
    {
        var trace = new SyntheticCtg(new CtgScenario { Seed = 4, Minutes = 30, Decelerations = 0.8 });
        var chunks = ChunksOf(Single, trace.Rates, trace.Toco);
        var (run, mark, said) = (new PatientRun(Stages), new StreamMark(), new List<string>());
        for (var i = 0; i < chunks.Count; i++)
        {
            if (i % 38 == 9)        // completes a window: the others reach no stage
            {
                run.Take(chunks[i], mark);
                run.Undo(mark);
            }
            said.AddRange(run.Take(chunks[i], mark));
        }

        Assert.Equal(Lines(chunks, new PatientRun(Stages)), said);
    }

    [Fact]
    public void Missing_records_are_a_hole_in_the_trace_and_ten_minutes_of_them_its_end()
    {
        var trace = new SyntheticCtg(new CtgScenario { Seed = 6, Minutes = 80, BaselineMoves = false });
        List<SampleChunk> Without(int fromSecond, int seconds) =>
            [.. ChunksOf(Single, trace.Rates, trace.Toco).Where(chunk => chunk.FirstSampleIndex / 4 < fromSecond || chunk.FirstSampleIndex / 4 >= fromSecond + seconds)];
        Estimate CategoryAt(List<SampleChunk> chunks, int second) => Estimate(Run(chunks).Single(one => !one.Window.IsTail && one.Window.EndIndex == 4 * second), Metric.FetalCategory);

        Assert.Equal(EstimateStatus.Ok, CategoryAt(Without(1800, 60), 1900).Status);
        Assert.Equal(EstimateStatus.WarmingUp, CategoryAt(Without(1800, 700), 2600).Status);
        Assert.Equal(EstimateStatus.Ok, CategoryAt(Without(1800, 700), 3400).Status);
    }

    [Fact]
    public void A_slow_monitor_and_a_quick_one_tell_the_same()
    {
        foreach (var rateHz in new[] { 0.25, 0.5, 1, 2, 4 })
        {
            var trace = new SyntheticCtg(new CtgScenario { Seed = 12, Minutes = 60, RateHz = rateHz, Baseline = 130, BaselineMoves = false, Artefacts = 0, Decelerations = 0.6 });
            var said = StreamRun.Of(ChunksOf(Single, rateHz, null, trace.Rates, trace.Toco), Stages).ToList();

            var last = said.Last(one => !one.Window.IsTail);
            Assert.Equal(130, Estimate(last, Metric.FetalBaseline).Value, 4.0);
            Assert.Equal(EstimateStatus.Ok, Estimate(last, Metric.FetalCategory).Status);
        }
    }

    [Fact]
    public void Toco_alone_gives_contractions()
    {
        var trace = new SyntheticCtg(new CtgScenario { Seed = 8, Minutes = 60 });
        var layout = new ChannelLayout(new Channel("TOCO", SignalKind.UterineActivity, "1", 100));

        var said = Run(ChunksOf(layout, trace.Toco));

        Assert.Equal(2, said[0].Estimates.Count);
        Assert.Equal(trace.Events.Count(one => one.Kind == EventKind.Contraction), said.Sum(one => one.Events.Count), 1.0);
        Assert.InRange(Estimate(said.Last(one => !one.Window.IsTail), Metric.ContractionRate).Value, 1.5, 4.5);
    }

    [Fact]
    public void A_toco_that_stands_still_for_a_minute_is_flat()
    {
        float[] toco = [.. Enumerable.Range(0, 4 * 240).Select(i => i / 4 is >= 60 and < 180 ? 0 : 12f + i % 3)];
        var layout = new ChannelLayout(new Channel("TOCO", SignalKind.UterineActivity, "1", 100));

        var told = Run(ChunksOf(layout, toco)).Where(one => !one.Window.IsTail).ToDictionary(one => one.Window.EndIndex / 4, one => Estimate(one, Metric.UterineActivity));

        Assert.Equal(EstimateStatus.Ok, told[60].Status);
        Assert.Equal((EstimateStatus.Flat, double.NaN, 0), (told[124].Status, told[124].Value, told[124].Quality));
        Assert.Equal(EstimateStatus.Flat, told[180].Status);
        Assert.Equal(EstimateStatus.Ok, told[184].Status);
    }

    [Fact]
    public void A_patient_has_few_series()
    {
        var metrics = Enum.GetValues<Metric>().Count(metric => Names.MeasurementOf(metric) == "fetal" || metric == Metric.FetalHeartRate);

        // Of twins: everything of both, and once contractions, their rate and the toco. A patient has at most 50, the mother's and a fetal ECG's among them.
        Assert.InRange(2 * (metrics - 3) + 3, 1, 50 - 16);
    }

    private static IWindowStage[] Stages(SampleChunk first) => Models.Estimators.Stages.Create(first.Channels, first.RateHz);

    private static List<WindowResult> Run(IEnumerable<SampleChunk> chunks) => [.. StreamRun.Of(chunks, Stages)];

    private static Estimate Estimate(WindowResult window, Metric metric) => window.Estimates.Single(estimate => estimate.Metric == metric);

    private static List<SampleChunk> ChunksOf(ChannelLayout layout, params float[][] channels) => ChunksOf(layout, 4, null, channels);

    private static List<SampleChunk> ChunksOf(ChannelLayout layout, Random random, params float[][] channels) => ChunksOf(layout, 4, random, channels);

    private static List<SampleChunk> ChunksOf(ChannelLayout layout, double rateHz, Random? random, params float[][] channels)
    {
        var chunks = new List<SampleChunk>();
        for (var first = 0; first < channels[0].Length;)
        {
            var count = Math.Min(channels[0].Length - first, random?.Next(1, 60) ?? Math.Max(1, (int)rateHz));
            short[] samples = [.. channels.SelectMany(channel => channel.Skip(first).Take(count)).Select(value => (short)Math.Round(100 * value))];
            chunks.Add(Chunks.Of(samples, first, count, rateHz: rateHz, channels: layout, end: first + count == channels[0].Length));
            first += count;
        }
        return chunks;
    }

    private static List<string> Lines(IEnumerable<SampleChunk> chunks, PatientRun run) => [.. chunks.SelectMany(chunk => run.Take(chunk))];

    /// <summary>What windows say, without what is said of chunks; restored before chunk <paramref name="cut"/>.</summary>
    private static List<string> SaidBy(List<SampleChunk> chunks, int cut, out int bytes)
    {
        var (run, said) = (new PatientRun(Stages), new List<string>());
        bytes = 0;
        for (var i = 0; i < chunks.Count; i++)
        {
            if (i == cut)
            {
                var snapshot = SnapshotCodec.Encode(run.Capture(new StateTransfer()));
                bytes = snapshot.Length;
                run = PatientRun.Restore(snapshot, out var told, Stages)!;
                Assert.True(run is not null && told is null, told);
            }
            said.AddRange(run.Take(chunks[i]).Skip(1));
        }
        return said;
    }
}
