using Pipeline.Actors;
using Pipeline.Chaos.Series;
using Pipeline.Chaos.Servers;
using Pipeline.Models;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Chaos;

/// <summary>Chaos must see every difference between two series, or it proves nothing.</summary>
public sealed class SeriesDifferenceTests
{
    private static readonly VitalPoint[] Series = [.. Enumerable.Range(0, 6).Select(number => Points.Of(number, status: number == 4 ? EstimateStatus.Gap : EstimateStatus.Ok))];

    [Fact]
    public void A_series_equals_itself_also_where_it_has_no_value()
    {
        var difference = Compare(Stored(Series));

        Assert.True(difference.IsNone);
        Assert.Equal(Series.Length, difference.Expected);
        Assert.Empty(difference.Examples);
    }

    [Fact]
    public void Each_field_that_differs_by_one_bit_is_found()
    {
        var fields = PointFields.Of(Series[2]);
        PointFields[] others =
        [
            fields with { Value = double.BitIncrement(fields.Value) }, fields with { Sigma = double.BitIncrement(fields.Sigma) }, fields with { Quality = double.NaN },
            fields with { Coverage = double.BitDecrement(fields.Coverage) }, fields with { Status = "gap" }, fields with { Model = "other" },
            fields with { Ward = "other" }, fields with { Bed = "other" },
            fields with { Event = ("acceleration", "", "") }, fields with { Event = ("", "low", "") }, fields with { Event = ("", "", "other") }, fields with { End = 0 },
        ];

        foreach (var other in others)
        {
            var stored = Stored(Series);
            stored[PointKey.Of(Series[2])] = other;
            var difference = Compare(stored);
            Assert.Equal((0, 1, 0), (difference.Missing, difference.Different, difference.Unexpected));
            Assert.False(difference.IsNone);
            Assert.Contains("P1", Assert.Single(difference.Examples), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Points_that_are_missing_and_points_too_many_are_counted_apart()
    {
        var stored = Stored([.. Series[1..], Points.Of(40), Points.Of(41)]);

        var difference = Compare(stored);

        Assert.Equal((1, 0, 2), (difference.Missing, difference.Different, difference.Unexpected));
        Assert.False(difference.IsNone);
    }

    [Fact]
    public void A_window_published_twice_with_another_value_is_found_though_one_of_them_is_right()
    {
        var changed = Series[3] with { Estimate = Series[3].Estimate with { Value = 12 } };
        var difference = new SeriesDifference();

        difference.Compare("P1", Stored(Series), [.. Series, Series[1], changed]);

        Assert.Equal((0, 0, 1), (difference.Missing, difference.Different, difference.Unexpected));
    }

    [Fact]
    public void The_differences_of_all_patients_add_up_and_a_few_are_told()
    {
        var difference = new SeriesDifference();
        foreach (var patient in (string[])["A", "B", "C", "D"])
            difference.Compare(patient, Stored(Series), new Dictionary<PointKey, PointFields>());

        Assert.Equal((4L * Series.Length, 4L * Series.Length), (difference.Expected, difference.Missing));
        Assert.InRange(difference.Examples.Count, 1, 8);
    }

    [Fact]
    public void Records_of_a_topic_that_was_made_anew_are_not_done_because_the_old_one_was()
    {
        Assert.Equal(7, GroupPosition.Behind(end: 12, committed: 5));
        Assert.Equal(0, GroupPosition.Behind(end: 12, committed: 12));
        Assert.Equal(12, GroupPosition.Behind(end: 12, committed: 900));
    }

    private static SeriesDifference Compare(Dictionary<PointKey, PointFields> stored)
    {
        var difference = new SeriesDifference();
        difference.Compare("P1", Stored(Series), stored);
        return difference;
    }

    private static Dictionary<PointKey, PointFields> Stored(IEnumerable<VitalPoint> points) => points.ToDictionary(PointKey.Of, PointFields.Of);
}
