using Pipeline.Host.Networks;
using Pipeline.Models.Estimators;
using Pipeline.Models.Features;
using Pipeline.Tests.Estimators;
using Pipeline.Training.Explanation;
using Xunit;

namespace Pipeline.Tests.Explanations;

/// <summary>What carried an answer of the network that ships: on a wrist that moves at another rate than its heart beats.</summary>
public sealed class RateExplainerTests
{
    private const double Heart = 85, Movement = 150;
    private static readonly PpgSignal Wrist = new() { Seconds = 20, RateHz = 50, HeartRate = _ => Heart, Motion = _ => Movement, MotionGain = 0.3, PulseChannels = 2 };

    [Fact]
    public void What_is_explained_is_the_answer_that_the_network_gives_in_service()
    {
        using var model = Shipped();
        using var explainer = new RateExplainer(model.Package);
        var output = new float[model.OutputLength];

        foreach (var seen in SeenWindow.Of(Wrist.Chunks(), model))
        {
            var explained = explainer.Explain(seen.Input, seen.State, withGradients: false);
            model.Forward(seen.Input, [.. seen.State], output);
            Assert.Equal(RateReadout.Read(output.AsSpan(0, RateFeatures.RateCount)).Rate, explained.Rate, 1e-3);
        }
    }

    [Fact]
    public void Windows_and_estimates_are_those_of_the_stage_that_serves()
    {
        using var model = Shipped();

        var expected = Pipeline.Models.StreamRun.Of(Wrist.Chunks(), first => Stages.Create(first.Channels, first.RateHz, [model]))
            .SelectMany(window => window.Estimates.Where(one => one.Metric == Pipeline.Models.Metric.HeartRate)).ToList();

        Assert.Equal(expected, SeenWindow.Of(Wrist.Chunks(), model).Select(seen => seen.Estimate));
    }

    [Fact]
    public void The_band_of_the_heart_carries_the_answer_and_the_movements_does_not()
    {
        using var model = Shipped();
        using var explainer = new RateExplainer(model.Package);
        var (heart, movement) = (Index(Heart), Index(Movement));

        foreach (var explained in SeenWindow.Of(Wrist.Chunks(), model).Where(seen => seen.Window.Id % 4 == 3).Select(seen => explainer.Explain(seen.Input, seen.State)))
        {
            Assert.Equal(Heart, explained.Rate, 3.0);
            Assert.Equal(Heart, explained.MostCarrying, 7.5);
            foreach (var map in new[] { explained.Bands, Sum(explained.Gradients), explained.Activation })
                Assert.True(Around(map, heart) > Around(map, movement));
        }
    }

    [Fact]
    public void Integrated_gradients_add_up_to_what_the_window_adds()
    {
        using var model = Shipped();
        using var explainer = new RateExplainer(model.Package);
        var seen = SeenWindow.Of(Wrist.Chunks(), model).Last();

        var explained = explainer.Explain(seen.Input, seen.State);

        var added = explained.LogOdds - explained.LogOddsOfNothing;
        Assert.True(added > 0.5, $"{added}");
        Assert.Equal(added, Sum(explained.Gradients).Sum(), 0.1 * added);
    }

    [Fact]
    public void A_network_with_shuffled_weights_has_another_map()
    {
        using var model = Shipped();
        using var explainer = new RateExplainer(model.Package);
        using var untrained = new RateExplainer(ShuffledWeights.Of(model.Package.Network.Span, seed: 1));
        var seen = SeenWindow.Of(Wrist.Chunks(), model).Last();

        var (trained, shuffled) = (explainer.Explain(seen.Input, seen.State), untrained.Explain(seen.Input, seen.State));

        // The classical likelihood goes past the weights into the answer, so what it carries stays.
        Assert.Equal(0, Likeness(trained.Gradients[0], shuffled.Gradients[0]), 0.7);
        Assert.Equal(0, Likeness(trained.Activation, shuffled.Activation), 0.7);
    }

    private static RateModel Shipped() => ModelCatalog.Open("heart-rate") ?? throw new InvalidOperationException("no package");

    private static int Index(double rate) => (int)Math.Round((rate - RateFeatures.FirstPerMinute) / RateFeatures.StepPerMinute);

    private static double[] Sum(double[][] sources) => [.. Enumerable.Range(0, RateFeatures.RateCount).Select(k => sources.Sum(source => source[k]))];

    private static double Around(double[] map, int place) => map.Where((_, k) => Math.Abs(k - place) <= RateExplainer.BandReach).Sum();

    /// <summary>Pearson's correlation.</summary>
    private static double Likeness(double[] a, double[] b)
    {
        var (left, right) = (a.Select(x => x - a.Average()).ToArray(), b.Select(x => x - b.Average()).ToArray());
        return left.Zip(right, (x, y) => x * y).Sum() / Math.Sqrt(left.Sum(x => x * x) * right.Sum(x => x * x));
    }
}
