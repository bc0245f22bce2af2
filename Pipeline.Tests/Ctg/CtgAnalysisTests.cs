using Pipeline.Benchmarks.Ctg;
using Pipeline.Models;
using Pipeline.Models.Estimators.Ctg;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Ctg;

/// <summary>The analysis on traces whose truth is known.</summary>
public sealed class CtgAnalysisTests
{
    [Fact]
    public void Baseline_and_events_are_found_at_a_fifth_of_signal_loss()
    {
        var scores = Enumerable.Range(0, 12).Select(seed => CtgScore.Of(new CtgScenario { Seed = seed, Loss = 0.2 })).ToArray();

        var minutes = scores.SelectMany(score => score.Final).ToArray();
        Assert.InRange(minutes.Average(one => Math.Abs(one.Told - one.True) <= 5 ? 1.0 : 0), 0.99, 1);
        Assert.InRange(Sum(scores, score => score.Accelerations).F1, 0.95, 1);
        Assert.InRange(Sum(scores, score => score.Decelerations).F1, 0.95, 1);
        Assert.InRange(Sum(scores, score => score.Contractions).F1, 0.95, 1);
    }

    [Theory]
    [InlineData(EventKind.EarlyDeceleration)]
    [InlineData(EventKind.LateDeceleration)]
    [InlineData(EventKind.VariableDeceleration)]
    [InlineData(EventKind.ProlongedDeceleration)]
    public void Decelerations_have_their_kind_with_a_toco_and_none_without(EventKind kind)
    {
        var scenario = new CtgScenario { Seed = 3, Kind = kind, Decelerations = 0.8, Bandwidth = 8 };

        var (with, without) = (CtgScore.Of(scenario), CtgScore.Of(scenario, hasToco: false));

        Assert.True(with.Kinds.Length >= 8);
        Assert.InRange(with.Kinds.Average(one => one.Told == kind ? 1.0 : 0), 0.9, 1);
        Assert.All(without.Kinds, one => Assert.Equal(EventKind.Deceleration, one.Told));
        Assert.Contains(without.Events, one => one.Reason.Contains("no toco", StringComparison.Ordinal));
    }

    [Fact]
    public void Excursions_are_those_of_the_plain_form_over_the_whole_record()
    {
        for (var seed = 20; seed < 24; seed++)
        {
            var samples = new SyntheticCtg(new CtgScenario { Seed = seed, Minutes = 90, Loss = 0.15, Decelerations = 0.7 }).Rates;
            var events = Analyse(samples, null).Where(one => one.IsOver && Names.MetricOf(one.Kind) is Metric.Acceleration or Metric.Deceleration).ToList();

            var cells = NaiveCtg.Cells(NaiveCtg.Usable([.. samples, .. new float[4 * 240]], 4), 4);
            var deviations = NaiveCtg.Deviations(cells, NaiveCtg.Baseline(cells));
            var plain = NaiveCtg.Excursions(deviations).Where(one => Counts(one, deviations))
                .Select(one => (one.Sign > 0 ? Metric.Acceleration : Metric.Deceleration, (long)one.Begin, (long)one.End));

            Assert.Equal(plain, events.Select(one => (Names.MetricOf(one.Kind), one.Begin, one.End)));
            Assert.NotEmpty(events);
        }
    }

    [Fact]
    public void A_trace_is_normal_suspicious_or_pathological_by_what_is_in_it()
    {
        Assert.Equal(EventKind.CategoryNormal, LastCategory(new CtgScenario { Seed = 1, Baseline = 135, Bandwidth = 12, BaselineMoves = false, Decelerations = 0 }));
        Assert.Equal(EventKind.CategorySuspicious, LastCategory(new CtgScenario { Seed = 1, Baseline = 172, Bandwidth = 12, BaselineMoves = false, Decelerations = 0 }));
        Assert.Equal(EventKind.CategoryPathological, LastCategory(new CtgScenario { Seed = 1, Baseline = 92, Bandwidth = 12, BaselineMoves = false, Decelerations = 0 }));
        Assert.Equal(EventKind.CategoryPathological, LastCategory(new CtgScenario { Seed = 1, Baseline = 140, Bandwidth = 2, BaselineMoves = false, Decelerations = 0, Accelerations = 0 }));
        Assert.Contains(
            CtgScore.Of(new CtgScenario { Seed = 1, Baseline = 140, BaselineMoves = false, Decelerations = 1, Kind = EventKind.LateDeceleration }).Events,
            one => one.Kind == EventKind.CategoryPathological && one.Reason.Contains("repetitive late", StringComparison.Ordinal));
    }

    [Fact]
    public void Tachycardia_is_told_when_it_is_recognized_and_again_when_it_is_over()
    {
        float[] samples = [.. Enumerable.Range(0, 4 * 5400).Select(i => i / 4 is >= 1200 and < 3600 ? 175f + i % 5 : 140 + i % 5)];

        var told = Analyse(samples, null).Where(one => one.Kind == EventKind.FetalTachycardia).ToArray();

        Assert.Equal([false, true], told.Select(one => one.IsOver));
        Assert.Equal(told[0].Begin, told[1].Begin);
        Assert.InRange(told[0].End - told[0].Begin, 600, 615);
        Assert.InRange(told[1].Begin, 1200, 1560);
        Assert.InRange(told[1].End, 3500, 4200);
    }

    [Fact]
    public void A_deceleration_is_told_while_it_lasts_and_makes_the_trace_pathological_after_five_minutes()
    {
        float[] samples = [.. Enumerable.Range(0, 4 * 3600).Select(i => i / 4 is >= 1800 and < 2220 ? 85f + i % 5 : 140 + i % 5)];

        var events = Analyse(samples, _ => 10);

        var told = events.Where(one => one.Kind is EventKind.Deceleration or EventKind.ProlongedDeceleration).ToArray();
        Assert.Equal([false, true], told.Select(one => one.IsOver));
        Assert.Equal(told[0].Begin, told[1].Begin);
        Assert.InRange(told[1].End - told[1].Begin, 410, 430);
        Assert.InRange(events.First(one => one.Kind == EventKind.CategoryPathological).Begin, 2100, 2300);
    }

    [Fact]
    public void A_smooth_wave_of_half_an_hour_is_sinusoidal_and_a_lively_trace_is_not()
    {
        float[] wave = [.. Enumerable.Range(0, 4 * 4500).Select(i => (float)(140 + 9 * Math.Sin(2 * Math.PI * i / 4 / 15)))];
        var lively = new SyntheticCtg(new CtgScenario { Seed = 2, Minutes = 75 }).Rates;

        Assert.Contains(Analyse(wave, null), one => one is { Kind: EventKind.SinusoidalPattern, IsOver: true } && one.End - one.Begin > 3600);
        Assert.Contains(Analyse(wave, null), one => one.Kind == EventKind.CategoryPathological);
        Assert.DoesNotContain(Analyse(lively, null), one => one.Kind == EventKind.SinusoidalPattern);
    }

    [Fact]
    public void Short_term_variation_and_bandwidth_are_those_of_the_samples()
    {
        // The rate goes up and down by 4 from epoch to epoch of 3.75 s.
        float[] samples = [.. Enumerable.Range(0, 4 * 1800).Select(i => i / 15 % 2 == 0 ? 140f : 144)];
        var analysis = new CtgAnalysis(4, 1, hasToco: false);
        foreach (var sample in samples)
            analysis.Take([sample], float.NaN);

        Assert.Equal(60_000.0 / 140 - 60_000.0 / 144, analysis[0].ShortTermVariation, 1e-3);
        Assert.Equal(4, analysis[0].Variability, 1e-3);
        Assert.Equal(0, analysis[0].SignalLoss);
    }

    [Fact]
    public void A_restored_analysis_goes_on_as_if_nothing_had_happened()
    {
        var trace = new SyntheticCtg(new CtgScenario { Seed = 9, Minutes = 80, Loss = 0.1, Decelerations = 0.8 });
        var second = new SyntheticCtg(new CtgScenario { Seed = 10, Minutes = 80, Loss = 0.3 });
        foreach (var cut in new[] { 1, 700, 5003, 12_345, 18_000 })
        {
            var (whole, first) = (new CtgAnalysis(4, 2, hasToco: true), new CtgAnalysis(4, 2, hasToco: true));
            for (var i = 0; i < cut; i++)
                first.Take([trace.Rates[i], second.Rates[i]], trace.Toco[i]);
            var before = first.Events.ToList();
            first.Events.Clear();
            var state = new StateTransfer();
            state.BeginWriting(1);
            first.Transfer(state);
            var bytes = state.EndWriting();
            var restored = new CtgAnalysis(4, 2, hasToco: true);
            state.BeginReading(bytes, 1);
            restored.Transfer(state);

            Assert.Null(state.EndReading());
            Assert.InRange(bytes.Length, 1, 64 << 10);
            for (var i = 0; i < trace.Rates.Length; i++)
            {
                whole.Take([trace.Rates[i], second.Rates[i]], trace.Toco[i]);
                if (i >= cut)
                    restored.Take([trace.Rates[i], second.Rates[i]], trace.Toco[i]);
                if (i >= cut && i % 997 == 0)
                    Assert.Equal((whole[0], whole[1], whole.ContractionRate), (restored[0], restored[1], restored.ContractionRate));
            }
            whole.Finish();
            restored.Finish();
            Assert.Equal(whole.Events, [.. before, .. restored.Events]);
        }
    }

    [Fact]
    public void Beats_give_the_trace_of_their_intervals()
    {
        var (beats, rates) = (new FhrFromBeats(), new List<float>());
        for (var i = 0; i < 100; i++)
            beats.Take(i * 0.4, rates);
        beats.Take(45, rates);              // none for 5.4 s
        beats.Take(45.5, rates);
        beats.Pass(50, rates);

        Assert.Equal(Enumerable.Repeat(150f, 158), rates.Skip(1).Take(158));
        Assert.All(rates.Skip(159).Take(180 - 159), rate => Assert.True(float.IsNaN(rate)));
        Assert.Equal([120, 120], rates.Skip(180).Take(2));
        Assert.All(rates.Skip(182), rate => Assert.True(float.IsNaN(rate)));
        Assert.Equal((50 - 1.2) * 4, rates.Count, 1.0);
    }

    [Fact]
    public void Nothing_is_allocated_where_nothing_happens()
    {
        var analysis = new CtgAnalysis(4, 2, hasToco: true);
        var i = 0;
        void Minutes(int minutes)
        {
            Span<float> rates = stackalloc float[2];
            for (var k = 0; k < minutes * 240; k++, i++)
            {
                rates.Fill(140 + i / 15 % 2 * 8);
                analysis.Take(rates, 10 + i % 3);
            }
        }
        Minutes(30);

        Assert.Equal(0, Allocation.Least(() => Minutes(10)));
    }

    private static EventKind LastCategory(CtgScenario scenario) =>
        CtgScore.Of(scenario).Events.Last(one => Names.MetricOf(one.Kind) == Metric.CategoryEpisode).Kind;

    private static List<CtgEvent> Analyse(float[] samples, Func<int, float>? toco)
    {
        var analysis = new CtgAnalysis(4, 1, toco is not null);
        for (var i = 0; i < samples.Length; i++)
            analysis.Take([samples[i]], toco is null ? float.NaN : toco(i) + i % 2);
        analysis.Finish();
        return analysis.Events;
    }

    private static bool Counts((int Sign, int Begin, int End) one, float[] deviations)
    {
        float[] there = [.. deviations[one.Begin..one.End].Where(deviation => !float.IsNaN(deviation)).Select(deviation => one.Sign * deviation)];
        return there.Max() >= 15 && one.End - one.Begin >= 15 && there.Length >= 10 && 3 * there.Length >= one.End - one.Begin && (one.Sign < 0 || one.End - one.Begin < 600);
    }

    private static EventCounts Sum(CtgScore[] scores, Func<CtgScore, EventCounts> of) => scores.Aggregate(default(EventCounts), (sum, score) => sum + of(score));
}
