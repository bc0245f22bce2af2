using FsCheck;
using FsCheck.Fluent;
using Pipeline.Training.Evaluation;
using Xunit;

namespace Pipeline.Tests.Evaluation;

/// <summary>The figures against what their names say, worked out anew.</summary>
public sealed class ScoreTests
{
    [Fact]
    public void Figures_are_those_of_their_definitions()
    {
        var figures = RateFigures.Of([Recording(Window(100, 103, 2), Window(100, double.NaN, 0), Window(100, 99, 0.5), Window(90, 96, 4))]);

        Assert.Equal((4, 3), (figures.Windows, figures.Estimated));
        Assert.Equal(0.75, figures.Coverage);
        Assert.Equal((3 + 1 + 6) / 3.0, figures.Mae!.Value, 12);
        Assert.Equal((3 + 3 + 1 + 6) / 4.0, figures.MaeEveryWindow!.Value, 12);   // the second window holds 103
        Assert.Equal(Math.Sqrt((9 + 1 + 36) / 3.0), figures.Rmse!.Value, 12);
        Assert.Equal(8 / 3.0, figures.Bias!.Value, 12);
        Assert.Equal(Math.Sqrt(46 / 2.0 - 3.0 / 2 * (8 / 3.0) * (8 / 3.0)), figures.ErrorSd!.Value, 12);
        Assert.Equal(2 / 3.0, figures.Within5);
        Assert.Equal(2 / 3.0, figures.Within90Interval);   // 3 < 1.645 · 2, 1 > 1.645 · 0.5, 6 < 1.645 · 4
    }

    [Fact]
    public void Before_the_first_estimate_of_each_recording_75_is_held()
    {
        var figures = RateFigures.Of([Recording(Window(80, double.NaN, 0), Window(80, 80, 1)), Recording(Window(70, double.NaN, 0))]);

        Assert.Equal((5 + 0 + 5) / 3.0, figures.MaeEveryWindow!.Value, 12);
        Assert.Equal(0, figures.Mae);
    }

    [Fact]
    public void Without_windows_there_are_no_figures()
    {
        Assert.Equal(new RateFigures(), RateFigures.Of([]));
        Assert.Null(RateFigures.Of([Recording(Window(80, double.NaN, 0))]).Mae);
        Assert.Empty(Calibration.Reliability([]));
        Assert.Empty(Calibration.BySigma([]));
        Assert.Empty(RiskCoverage.By([Window(80, double.NaN, 0)], w => w.Sigma));
    }

    [Fact]
    public void Normal_errors_with_the_right_sigma_lie_on_the_diagonal()
    {
        var random = new System.Random(7);
        var windows = Enumerable.Range(0, 20_000).Select(_ =>
        {
            var sigma = 0.5 + 4 * random.NextDouble();
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble());
            return Window(100, 100 + sigma * normal, sigma);
        }).ToList();

        Assert.All(Calibration.Reliability(windows), row => Assert.Equal(row.Nominal, row.Observed, 0.012));   // 3 standard deviations of a share of 20,000
        var bins = Calibration.BySigma(windows);
        Assert.Equal(10, bins.Count);
        Assert.Equal(windows.Count, bins.Sum(b => b.Windows));
        Assert.All(bins, bin => Assert.Equal(1, bin.Rmse / bin.Sigma, 0.06));
    }

    [Fact]
    public void Each_point_of_error_against_coverage_is_the_error_of_the_windows_of_at_most_some_doubt() =>
        Prop.ForAll(
            Gen.Choose(0, 9).Select(n => n * 0.25).Zip(Gen.Choose(-8, 8)).Select(p => Window(100, 100 + p.Item2, 1 + p.Item1)).ListOf().ToArbitrary(),
            windows =>
            {
                var all = windows.Append(Window(100, double.NaN, 0)).ToList();
                var points = RiskCoverage.By(all, w => w.Sigma);
                var naive = windows.Select(w => w.Sigma).Distinct().Order().Select(most => windows.Where(w => w.Sigma <= most).ToList())
                    .Select(kept => new RiskPoint(kept.Count / (double)all.Count, kept.Average(w => Math.Abs(w.Error)))).ToList();
                // Few windows: every doubt that occurs is a point.
                return points.Count == naive.Count && points.Zip(naive).All(p => p.First.Coverage == p.Second.Coverage && Math.Abs(p.First.Mae - p.Second.Mae) < 1e-9);
            }).QuickCheckThrowOnFailure();

    private static ScoredWindow Window(double reference, double value, double sigma) =>
        new(0, reference, value, double.IsNaN(value) ? double.NaN : sigma, 0.5, 1, double.IsNaN(value) ? "gap" : "ok");

    private static ScoredRecording Recording(params ScoredWindow[] windows) => new("set", "who", "r", windows);
}
