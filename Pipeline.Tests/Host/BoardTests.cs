using Pipeline.Actors;
using Pipeline.Host.Demo;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Spectre.Console;
using Xunit;

namespace Pipeline.Tests.Host;

public sealed class BoardTests
{
    private static readonly PatientId Patient = new("P-1");

    [Fact]
    public void The_newest_value_of_each_signal_is_shown_whatever_order_they_are_stored_in()
    {
        var board = new WardBoard();

        board.Show(Batch(Point(SignalKind.Ppg, 10, 72), Point(SignalKind.Ecg, 10, 71)));
        board.Show(Batch(Point(SignalKind.Ppg, 8, 60)));

        var bed = Assert.Single(board.Beds());
        Assert.Equal(72, bed.Of(SignalKind.Ppg)!.Value.Value);
        Assert.Equal(71, bed.Of(SignalKind.Ecg)!.Value.Value);
        Assert.Equal([60, 72], bed.Trend);
        Assert.Equal(("ok", true), bed.State(1));
    }

    [Fact]
    public void A_bed_of_which_there_is_no_heart_rate_yet_is_not_shown()
    {
        var board = new WardBoard();
        var rate = Point(SignalKind.Ppg, 10, 72);

        board.Show(Batch(rate with { Estimate = rate.Estimate with { Metric = Metric.Presence } }));

        Assert.Empty(board.Beds());
    }

    [Theory]
    [InlineData(EstimateStatus.Gap, 0, "ecg gap", false)]
    [InlineData(EstimateStatus.LowQuality, 0, "ecg noisy", false)]
    [InlineData(EstimateStatus.Ok, 0.3, "ok", true)]
    public void The_state_names_the_signal_whose_status_is_not_ok(EstimateStatus status, double quality, string state, bool good)
    {
        var board = new WardBoard();

        board.Show(Batch(Point(SignalKind.Ppg, 10, 72), Point(SignalKind.Ecg, 10, status == EstimateStatus.Ok ? 150 : double.NaN, status, quality)));

        Assert.Equal((state, good), Assert.Single(board.Beds()).State(0));
    }

    [Fact]
    public void A_signal_that_stopped_is_off_and_a_bed_without_data_says_so()
    {
        var board = new WardBoard();
        board.Show(Batch(Point(SignalKind.Ecg, 10, 72), Point(SignalKind.Ppg, 20, 72)));

        var bed = Assert.Single(board.Beds());

        Assert.Null(bed.Of(SignalKind.Ecg));
        Assert.Equal(("ecg off", false), bed.State(1));
        Assert.Equal(("no data", false), bed.State(BedView.StaleAfter.TotalSeconds + 1));
    }

    [Fact]
    public void A_labour_ward_shows_the_fetus_beside_the_mother_and_says_which_of_them_has_no_value()
    {
        var board = new WardBoard();
        var mother = Point(SignalKind.FetalEcg, 10, 82);
        var fetus = mother with { Estimate = mother.Estimate with { Metric = Metric.FetalHeartRate, Value = 141 } };
        board.Show(Batch(mother, fetus));

        var bed = Assert.Single(board.Beds());
        Assert.Equal(("ok", true), bed.State(1));
        Assert.Equal([141], bed.Trend);
        var table = Text(board);
        Assert.Contains("Fetus │ Mother", table, StringComparison.Ordinal);
        Assert.Contains("141 │     82", table, StringComparison.Ordinal);
        Assert.DoesNotContain("PPG", table, StringComparison.Ordinal);

        board.Show(Batch(fetus with { Time = fetus.Time.AddSeconds(2), Estimate = fetus.Estimate with { Value = double.NaN, Status = EstimateStatus.Coincidence } }));
        Assert.Equal(("fetus coincidence", false), Assert.Single(board.Beds()).State(1));
        Assert.DoesNotContain("141", Text(board), StringComparison.Ordinal);

        board.Show(Batch(Point(SignalKind.Ppg, 10, 70) with { Patient = new PatientId("P-2") }));
        Assert.Contains("PPG", Text(board), StringComparison.Ordinal);

        static string Text(WardBoard board)
        {
            var output = new StringWriter();
            var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
            console.Profile.Width = 140;
            var progress = new WardProgress(TimeSpan.FromSeconds(12), Points.Start.AddSeconds(11), 1, 1000, 10, 10, null, null, 0);
            console.Write(BoardTable.Draw(board.Beds(), progress, height: 24, width: 140));
            return output.ToString();
        }
    }

    [Fact]
    public void Twins_have_a_column_each_and_the_trend_is_the_firsts()
    {
        var board = new WardBoard();
        var first = Point(SignalKind.FetalHeartRate, 10, 138);
        first = first with { Estimate = first.Estimate with { Metric = Metric.FetalHeartRate } };
        var second = first with { Estimate = first.Estimate with { Signal = SignalKind.SecondFetalHeartRate, Value = 151, Quality = 1 } };
        board.Show(Batch(first, second));

        var bed = Assert.Single(board.Beds());
        Assert.Equal([138], bed.Trend);
        Assert.Equal(["ctg", "ctg 2"], bed.Vitals.Keys.Order().Select(vital => vital.Name));
        board.Show(Batch(second with { Time = second.Time.AddSeconds(2), Estimate = second.Estimate with { Value = double.NaN, Status = EstimateStatus.Gap } }));
        Assert.Equal(("ctg 2 gap", false), Assert.Single(board.Beds()).State(1));
    }

    [Theory]
    [InlineData(new[] { 70.0, 70, 70 }, "▅▅▅")]
    [InlineData(new[] { 60.0, 80 }, "▁█")]
    [InlineData(new[] { 60.0, double.NaN, 80 }, "▁ █")]
    [InlineData(new[] { 50.0, 60, 80 }, "▁█")]
    [InlineData(new double[0], "")]
    public void The_trend_is_drawn_between_its_extremes_and_a_missing_value_is_a_hole(double[] values, string drawn) =>
        Assert.Equal(drawn, BoardTable.Sparkline(values, width: values.Length == 3 && values[0] == 50 ? 2 : 20));

    [Fact]
    public void The_table_is_no_higher_than_the_terminal()
    {
        var board = new WardBoard();
        for (var i = 0; i < 100; i++)
            board.Show(Batch(Point(SignalKind.Ppg, 10, 72) with { Patient = new PatientId($"P-{i}"), Bed = $"bed-{i:000}" }));
        var progress = new WardProgress(TimeSpan.FromSeconds(12), Points.Start.AddSeconds(11), 100, 1000, 10, 10, null, null, 0);
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 120;

        console.Write(BoardTable.Draw(board.Beds(), progress, height: 24, width: 120));

        var lines = output.ToString().TrimEnd().Split('\n');
        Assert.InRange(lines.Length, 10, 23);
        Assert.Contains(lines, line => line.Contains("and 85 more beds", StringComparison.Ordinal));
    }

    private static OutputBatch Batch(params VitalPoint[] points)
    {
        var batch = new OutputBatch { Shard = 0 };
        batch.Points.AddRange(points);
        return batch;
    }

    private static VitalPoint Point(SignalKind signal, double second, double value, EstimateStatus status = EstimateStatus.Ok, double quality = 0.9) => new(
        new Origin("t", 0, 0), Patient, "w", "bed-1", "d", 1, 0, Points.Start.AddSeconds(second - 8), Points.Start.AddSeconds(second),
        new Estimate(signal, Metric.HeartRate, value, 1, quality, 1, status, "classical"));
}
