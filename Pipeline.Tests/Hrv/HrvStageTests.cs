using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Hrv;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Hrv;

/// <summary>Heart rate variability of a stream's beats.</summary>
public sealed class HrvStageTests
{
    private const int RateHz = 250;

    private static readonly ChannelLayout Layout = new(new Channel("II", SignalKind.Ecg, "mV"));

    [Fact]
    public void There_is_a_row_of_each_measure_every_30_s_from_300_s_on()
    {
        var said = Run(400, beat => 0.8);

        var rows = said.Where(window => window.Estimates.Count > 0).ToList();
        Assert.Equal([300.0, 330, 360, 390], rows.Select(window => window.Window.EndIndex / (double)RateHz));
        Assert.All(rows, window => Assert.Equal(
            ["sdnn", "rmssd", "pnn50", "lf", "hf", "lf_hf", "sd1", "sd2", "respiratory_rate"], window.Estimates.Select(one => Names.Of(one.Metric))));
        Assert.All(rows, window => Assert.Equal(EstimateStatus.Ok, window.Estimates[0].Status));
        Assert.Equal("hrv", Names.MeasurementOf(Metric.Sdnn));
        Assert.Equal("hrv", Names.MeasurementOf(Metric.RespiratoryRate));
    }

    [Fact]
    public void Steady_intervals_vary_by_what_is_drawn()
    {
        // ±40 ms in turn: SDNN 40, RMSSD 80, each difference above 50 ms.
        var row = Run(310, beat => 0.8 + (beat % 2 == 0 ? 0.04 : -0.04)).Last(window => window.Estimates.Count > 0);

        Assert.Equal(40, Value(row, Metric.Sdnn), 0.2);
        Assert.Equal(80, Value(row, Metric.Rmssd), 0.2);
        Assert.Equal(100, Value(row, Metric.Pnn50), 0.5);
        Assert.InRange(row.Estimates[0].Quality, 0.98, 1);
    }

    [Fact]
    public void What_ectopic_missed_and_false_beats_make_does_not_count()
    {
        static double Steady(int beat) => 0.8 + 0.02 * Math.Sin(0.9 * beat);
        var clean = Run(310, Steady).Last(window => window.Estimates.Count > 0);

        // Every 31st beat comes early with a pause after it; every 37th is missed; a false one lies in every 41st interval.
        var times = new List<double>();
        var at = 0.3;
        for (var beat = 0; at < 310; at += Steady(beat++))
        {
            if (beat % 37 != 5)
                times.Add(beat % 31 == 9 ? at - 0.3 : at);
            if (beat % 41 == 15)
                times.Add(at + 0.35);
        }
        var row = Run(310, times).Last(window => window.Estimates.Count > 0);

        Assert.Equal(EstimateStatus.Ok, row.Estimates[0].Status);
        Assert.InRange(row.Estimates[0].Quality, 0.8, 0.93);
        Assert.Equal(Value(clean, Metric.Rmssd), Value(row, Metric.Rmssd), 0.4);
        Assert.Equal(Value(clean, Metric.Sdnn), Value(row, Metric.Sdnn), 0.4);
    }

    [Fact]
    public void An_irregular_rhythm_has_no_variability_and_missing_beats_are_a_gap()
    {
        var random = new Random(4);
        var irregular = Run(310, _ => 0.4 + 0.8 * random.NextDouble()).Last(window => window.Estimates.Count > 0);
        var half = Run(310, [.. Enumerable.Range(0, 180).Select(beat => 0.3 + 0.8 * beat)]).Last(window => window.Estimates.Count > 0);

        Assert.All(irregular.Estimates, one => Assert.Equal((EstimateStatus.LowQuality, double.NaN), (one.Status, one.Value)));
        Assert.All(half.Estimates, one => Assert.Equal((EstimateStatus.Gap, double.NaN), (one.Status, one.Value)));
    }

    [Fact]
    public void The_slow_rate_of_a_heart_without_breathing_in_it_has_no_respiratory_rate()
    {
        var random = new Random(4);
        var row = Run(310, _ => 0.8 + 0.01 * random.NextDouble()).Last(window => window.Estimates.Count > 0);

        Assert.Equal(EstimateStatus.Ok, row.Estimates[0].Status);
        Assert.Equal(EstimateStatus.LowQuality, row.Estimates[^1].Status);
    }

    [Fact]
    public void It_goes_on_after_a_restore_and_keeps_two_bytes_a_beat()
    {
        var random = new Random(9);
        double[] intervals = [.. Enumerable.Range(0, 2000).Select(_ => 0.3 + 0.1 * random.NextDouble() + (random.Next(40) == 0 ? 5 : 0))];
        var whole = new HrvStage(RateHz, SignalKind.Ecg);
        var parts = new HrvStage(RateHz, SignalKind.Ecg);
        var (expected, found) = (new List<string>(), new List<string>());
        var output = new StageOutput();
        var windower = new SlidingWindower(WindowShape.Default, Layout, SampleFormat.Int16, RateHz);
        var (at, beat) = (0.3, 0);
        for (var second = 0; second < 640; second++)
        {
            windower.Begin(Chunks.Of((long)RateHz * second, RateHz, rateHz: RateHz, channels: Layout));
            while (windower.TryNext(out var window))
            {
                for (; at < second; at += intervals[beat++])
                    output.Beats.Add(new Beat(at * RateHz, SignalKind.Ecg, BeatKind.Qrs));
                whole.Accept(window, output);
                expected.AddRange(output.Estimates.Select(one => one.ToString()));
                output.Estimates.Clear();
                parts.Accept(window, output);
                found.AddRange(output.Estimates.Select(one => one.ToString()));
                output.Clear();
                var state = new StateTransfer();
                state.BeginWriting(1);
                parts.Transfer(state);
                var bytes = state.EndWriting();
                Assert.InRange(bytes.Length, 0, 60 + 2 * 1000);
                parts = new HrvStage(RateHz, SignalKind.Ecg);
                state.BeginReading(bytes, 1);
                parts.Transfer(state);
                Assert.Null(state.EndReading());
            }
        }

        Assert.Equal(9 * 12, expected.Count);
        Assert.Equal(expected, found);
    }

    [Fact]
    public void Bytes_that_are_no_state_are_a_fault()
    {
        var state = new StateTransfer();
        state.BeginWriting(1);
        new HrvStage(RateHz, SignalKind.Ecg).Transfer(state);
        var bytes = state.EndWriting();
        for (var damage = 0; damage < bytes.Length; damage++)
        {
            var damaged = bytes.ToArray();
            damaged[damage] ^= 0x80;
            state.BeginReading(damaged, 1);
            new HrvStage(RateHz, SignalKind.Ecg).Transfer(state);      // says a fault or not; never throws
            state.EndReading();
        }
    }

    [Fact]
    public void Nothing_is_allocated_for_a_row()
    {
        var stage = new HrvStage(RateHz, SignalKind.Ecg);
        var windower = new SlidingWindower(WindowShape.Default, Layout, SampleFormat.Int16, RateHz);
        var output = new StageOutput();
        output.Beats.Capacity = output.Estimates.Capacity = 32;
        var chunks = Enumerable.Range(0, 2000).Select(second => Chunks.Of((long)RateHz * second, RateHz, rateHz: RateHz, channels: Layout)).ToArray();
        var (next, rows, second) = (0.3, 0, 0);

        var allocated = Allocation.Least(() =>
        {
            rows = 0;
            var before = 0L;
            for (var until = second + 400; second < until; second++)
            {
                if (second == until - 90)
                    before = GC.GetAllocatedBytesForCurrentThread();
                windower.Begin(chunks[second]);
                while (windower.TryNext(out var window))
                {
                    for (; next < second; next += 0.7)
                        output.Beats.Add(new Beat(next * RateHz, SignalKind.Ecg, BeatKind.Qrs));
                    stage.Accept(window, output);
                    rows += output.Estimates.Count;
                    output.Clear();
                }
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });

        Assert.Equal(0, allocated);
        Assert.True(rows > 0);
    }

    private static double Value(WindowResult window, Metric metric) => window.Estimates.Single(one => one.Metric == metric).Value;

    private static List<WindowResult> Run(int seconds, Func<int, double> interval)
    {
        var (times, at) = (new List<double>(), 0.3);
        for (var beat = 0; at < seconds; at += interval(beat++))
            times.Add(at);
        return Run(seconds, times);
    }

    private static List<WindowResult> Run(int seconds, List<double> beats) =>
        [.. StreamRun.Of(
            Enumerable.Range(0, seconds).Select(second => Chunks.Of((long)RateHz * second, RateHz, rateHz: RateHz, channels: Layout, end: second == seconds - 1)),
            _ => [new Beats(beats), new HrvStage(RateHz, SignalKind.Ecg)])];

    /// <summary>Gives beats, a second late.</summary>
    private sealed class Beats(List<double> times) : IWindowStage
    {
        private int _next;

        public string StateName => "beats";

        public int StateVersion => 1;

        public void Accept(in Window window, StageOutput output)
        {
            for (; _next < times.Count && times[_next] < window.EndIndex / (double)RateHz - 1; _next++)
                output.Beats.Add(new Beat(times[_next] * RateHz, SignalKind.Ecg, BeatKind.Qrs));
        }

        public void Finish(in Window tail, StageOutput output)
        {
        }

        public void Reset()
        {
        }

        public void Transfer(StateTransfer state) => state.Value(ref _next);
    }
}
