using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ctg;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Ctg;

/// <summary>The trace that fetal beats make.</summary>
public sealed class FetalTraceStageTests
{
    private static readonly ChannelLayout Layout = new(new Channel("AECG", SignalKind.FetalEcg, "mV"));

    [Fact]
    public void Beats_make_a_trace_with_features_and_events()
    {
        // 140 a minute with a variability of 10, and a minute of 170 at 20 min.
        var said = Run(2400, second => (second is >= 1200 and < 1260 ? 170 : 140) + 5 * Math.Sin(second / 4));

        var last = said.Last(one => !one.Window.IsTail).Estimates;
        Assert.Equal(140, last.Single(one => one.Metric == Metric.FetalBaseline).Value, 3.0);
        Assert.Equal((int)CtgCategory.Normal, last.Single(one => one.Metric == Metric.FetalCategory).Value);
        var acceleration = said.SelectMany(one => one.Events).Single(one => one.Kind == EventKind.Acceleration);
        Assert.Equal(SignalKind.FetalEcg, acceleration.Signal);
        Assert.InRange(acceleration.BeginIndex / 250, 1185, 1205);
        Assert.InRange(acceleration.EndIndex / 250, 1255, 1275);
    }

    [Fact]
    public void A_window_without_a_fetal_rate_makes_no_trace()
    {
        var said = Run(1800, second => second < 900 ? 140 : -140);

        var last = said.Last(one => !one.Window.IsTail).Estimates;
        Assert.Equal(EstimateStatus.Gap, last.Single(one => one.Metric == Metric.FetalBaseline).Status);
        Assert.Equal(1, last.Single(one => one.Metric == Metric.SignalLoss).Value, 0.02);
    }

    private static List<WindowResult> Run(int seconds, Func<double, double> rate)
    {
        var chunks = Enumerable.Range(0, seconds).Select(second =>
            Chunks.Of(250L * second, 250, rateHz: 250, channels: Layout, end: second == seconds - 1));
        return [.. StreamRun.Of(chunks, _ => [new Beats(rate), new FetalTraceStage(250)])];
    }

    /// <summary>Gives beats of a known rate, two seconds late; a negative one stands for beats that are not sure.</summary>
    private sealed class Beats(Func<double, double> rate) : IWindowStage
    {
        private double _next = 0.3;

        public string StateName => "beats";

        public int StateVersion => 1;

        public void Accept(in Window window, StageOutput output)
        {
            var end = window.EndIndex / 250.0 - 2;
            output.Estimates.Add(new Estimate(
                SignalKind.FetalEcg, Metric.FetalHeartRate, 1, 1, 1, 1, rate(end) > 0 ? EstimateStatus.Ok : EstimateStatus.LowQuality, "test"));
            Give(end, output);
        }

        public void Finish(in Window tail, StageOutput output) => Give(tail.EndIndex / 250.0, output);

        public void Reset()
        {
        }

        public void Transfer(StateTransfer state) => state.Value(ref _next);

        private void Give(double end, StageOutput output)
        {
            for (; _next < end; _next += 60 / Math.Abs(rate(_next)))
                output.Beats.Add(new Beat(_next * 250, SignalKind.FetalEcg, BeatKind.FetalQrs));
        }
    }
}
