using System.Globalization;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Pipeline.Host.Pictures;
using Xunit;

namespace Pipeline.Tests.Pictures;

/// <summary>Pictures of reports.</summary>
public sealed partial class ChartTests
{
    // 100 pixels of data each way, from (50, 10) to (150, 110).
    private static readonly ChartFrame Frame = new(160, 150, Left: 50, Right: 10, Top: 10, Bottom: 40);

    [Theory]
    [InlineData(0, 0, 50, 110)]
    [InlineData(10, 4, 150, 10)]
    [InlineData(2.5, 3, 75, 35)]
    public void A_dot_lies_where_the_axes_say(double x, double y, double pixelX, double pixelY)
    {
        using var chart = new Chart(Frame, ChartAxis.Of(0, 10, "x"), ChartAxis.Of(0, 4, "y"));
        chart.Dots([(x, y)], ChartColor.Accent, 2);

        Assert.Equal([(pixelX, pixelY)], Dots(chart));
    }

    [Theory]
    [InlineData(0.1, 50)]
    [InlineData(1, 100)]
    [InlineData(10, 150)]
    public void On_a_logarithmic_axis_equal_ratios_are_equal_distances(double x, double pixelX)
    {
        using var chart = new Chart(Frame, ChartAxis.Logarithmic(0.1, 10, "x"), ChartAxis.Of(0, 4, "y"));
        chart.Dots([(x, 0)], ChartColor.Accent, 2);

        Assert.Equal([(pixelX, 110)], Dots(chart));
    }

    [Fact]
    public void A_text_lies_beside_its_dot()
    {
        using var chart = new Chart(Frame, ChartAxis.Bare(0, 10), ChartAxis.Bare(0, 4));
        chart.Text(5, 2, "a < b", "start", dx: 6);

        Assert.Contains("<text x=\"106\" y=\"64\" text-anchor=\"start\" class=\"soft\">a &lt; b</text>", chart.ToSvg("id", "d"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_value_leaves_a_gap_in_a_line_and_no_dot()
    {
        using var chart = new Chart(Frame, ChartAxis.Bare(0, 10), ChartAxis.Bare(0, 4));
        (double, double)[] points = [(0, 1), (1, 1), (2, double.NaN), (3, 1), (4, 1)];
        chart.Line(points, ChartColor.Reference, 1);
        chart.Dots(points, ChartColor.Estimate, 1);

        var svg = chart.ToSvg("id", "d");
        Assert.Equal(2, svg.Split("stroke=\"var(--reference)\"").Length - 1);
        Assert.Equal(4, svg.Split("fill=\"var(--estimate)\"").Length - 1);
    }

    [Fact]
    public void Colours_are_the_pages_variables()
    {
        using var chart = new Chart(Frame, ChartAxis.Of(0, 10, "x"), ChartAxis.Of(0, 4, "y"));
        foreach (var colour in ChartColor.All)
            chart.HorizontalLine(1, colour, 1);

        var svg = chart.ToSvg("id", "d");
        Assert.All(ChartColor.All, colour => Assert.Contains($"\"var(--{colour.Variable})\"", svg, StringComparison.Ordinal));
        Assert.DoesNotMatch("\"#[0-9A-Fa-f]{6}\"", svg);
    }

    [Fact]
    public void Ticks_are_round_numbers_within_the_axis_about_as_many_as_wanted() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<(short Low, ushort Span)>().Filter(a => a.Span > 0),
            axis =>
            {
                var (low, high) = (axis.Low / 100.0, (axis.Low + axis.Span) / 100.0);
                var ticks = ChartAxis.RoundValues(low, high, 6).ToList();
                Assert.InRange(ticks.Count, 2, 8);
                Assert.All(ticks, tick => Assert.InRange(tick, low - 1e-9 * (high - low), high + 1e-9 * (high - low)));
                var step = (ticks[^1] - ticks[0]) / (ticks.Count - 1);
                Assert.All(ticks, tick => Assert.Equal(Math.Round(tick / step), tick / step, 1e-6));
            }).QuickCheckThrowOnFailure();

    private static (double, double)[] Dots(Chart chart) =>
        [.. Ellipse().Matches(chart.ToSvg("id", "d")).Select(m => (Number(m.Groups[1].Value), Number(m.Groups[2].Value)))];

    private static double Number(string text) => Math.Round(double.Parse(text, CultureInfo.InvariantCulture), 1);

    [GeneratedRegex("""<ellipse [^>]*cx="([^"]*)" cy="([^"]*)" """)]
    private static partial Regex Ellipse();
}
