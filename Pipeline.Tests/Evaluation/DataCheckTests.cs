using Pipeline.Host.Evaluation;
using Pipeline.Training.Evaluation;
using Pipeline.Training.HeartRate;
using Xunit;

namespace Pipeline.Tests.Evaluation;

public sealed class DataCheckTests
{
    [Theory]
    [InlineData(3, "its reference seems to be 6 s late")]
    [InlineData(-2, "its reference seems to be 4 s early")]
    public void A_reference_that_lags_is_named_before_anything_is_trained(int hops, string line)
    {
        var lines = DataCheck.Lines([Recording()], [Scored(w => Rate(w), w => Rate(w - hops))]).ToList();

        Assert.Equal(2, lines.Count);
        Assert.Equal("set: 1 recordings, 125 Hz, 1 PPG channels, 0 axes, 2 references of 70 to 90 per minute", lines[0]);
        Assert.Contains(line, lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_reference_in_time_is_not_even_where_the_estimates_are_noisy()
    {
        var random = new Random(1);

        Assert.Single(DataCheck.Lines([Recording()], [Scored(w => Rate(w) + 6 * random.NextDouble() - 3, Rate)]));
    }

    [Fact]
    public void A_reference_of_somebody_else_is_named()
    {
        var lines = DataCheck.Lines([Recording()], [Scored(_ => 60, _ => 95)]).ToList();

        Assert.Contains("the classical estimator is 35 per minute off", lines[1], StringComparison.Ordinal);
    }

    private static double Rate(int window) => 90 + 30 * Math.Sin(window / 9.0);

    private static RateRecording Recording() => new("a", "a", "set", 125, [new float[1]], [], [(0, 70), (2, 90)]);

    private static ScoredRecording Scored(Func<int, double> value, Func<int, double> reference) => new("set", "a", "a", [.. Enumerable.Range(0, 120)
        .Select(w => new ScoredWindow(2 * w, reference(w), value(w), 2, 1, 1, "ok"))]);
}
