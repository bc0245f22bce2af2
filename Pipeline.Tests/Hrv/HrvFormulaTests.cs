using System.Globalization;
using Pipeline.Models.Estimators.Hrv;
using Xunit;

namespace Pipeline.Tests.Hrv;

/// <summary>The formulas, against other programs (Golden/hrv) and against their definitions.</summary>
public sealed class HrvFormulaTests
{
    private const double Tolerance = 1e-6;      // relative

    [Fact]
    public void They_equal_those_of_hrv_analysis_and_the_Poincare_plot_of_NeuroKit2()
    {
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Golden", "hrv", "hrv.txt"))
            .Select(line => line.Split(' ').Select(word => double.Parse(word, CultureInfo.InvariantCulture)).ToArray()).ToArray();
        Assert.Equal(8, lines.Length);
        for (var one = 0; one < lines.Length; one += 2)
        {
            var (intervals, wanted) = (lines[one], lines[one + 1]);
            var times = HrvFormulas.Of(intervals, Follows(intervals));
            var bands = HrvSpectrum.OfThread.Of(Ends(intervals), intervals);
            double[] found =
            [
                times.Sdnn, times.Rmssd, times.Pnn50, bands.Low, bands.High, times.Sd1, times.Sd2,
            ];
            Assert.Equal(wanted.Length, found.Length);
            foreach (var (a, b) in wanted.Zip(found))
                Assert.Equal(a, b, Math.Abs(a) * Tolerance);
        }
    }

    [Fact]
    public void Differences_across_a_hole_do_not_count()
    {
        double[] intervals = [800, 810, 1000, 990];

        var found = HrvFormulas.Of(intervals, [false, true, false, true]);

        Assert.Equal(10, found.Rmssd, 1e-9);
        Assert.Equal(0, found.Pnn50);
        Assert.Equal(100 / Math.Sqrt(2) / 100 * 20 / Math.Sqrt(2), found.Sd1, 1e-9);      // ±10 / √2, of two
        Assert.Equal(double.NaN, HrvFormulas.Of([800, 810], [false, false]).Rmssd);
        Assert.Equal(double.NaN, HrvFormulas.Of([], []).Sdnn);
    }

    [Fact]
    public void Breathing_is_found_where_the_intervals_show_it()
    {
        foreach (var breaths in new[] { 8, 12, 15, 22, 28 })
        {
            var intervals = Breathing(breaths / 60.0, 40);
            var bands = HrvSpectrum.OfThread.Of(Ends(intervals), intervals);

            Assert.Equal(breaths, 60 * bands.Breaths, 0.2);
            Assert.InRange(bands.Clarity, 0.8, 1);
        }
    }

    [Fact]
    public void A_sine_has_its_power_in_its_band()
    {
        var intervals = Breathing(0.25, 40);

        var bands = HrvSpectrum.OfThread.Of(Ends(intervals), intervals);

        // Straight lines between intervals of 0.8 s take a sine of 0.25 Hz times sinc²(0.2), its power times the square.
        Assert.Equal(0.766 * 40 * 40 / 2, bands.High, 20.0);
        Assert.InRange(bands.Low, 0, 2);
    }

    [Fact]
    public void Less_than_a_segment_of_a_minute_has_no_spectrum()
    {
        var intervals = Breathing(0.25, 40)[..70];

        Assert.Equal(double.NaN, HrvSpectrum.OfThread.Of(Ends(intervals), intervals).Low);
    }

    private static double[] Breathing(double hz, double milliseconds)
    {
        var (time, intervals) = (0.0, new List<double>());
        while (time < 295)
        {
            intervals.Add(800 + milliseconds * Math.Sin(2 * Math.PI * hz * time));
            time += intervals[^1] / 1000;
        }
        return [.. intervals];
    }

    private static double[] Ends(double[] intervals)
    {
        var (time, ends) = (0.0, new double[intervals.Length]);
        for (var i = 0; i < ends.Length; i++)
            ends[i] = time += intervals[i] / 1000;
        return ends;
    }

    private static bool[] Follows(double[] intervals) => [.. intervals.Select((_, i) => i > 0)];
}
