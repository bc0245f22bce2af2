using FsCheck;
using FsCheck.Fluent;
using Pipeline.Chaos.Series;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Chaos;

/// <summary>What chaos says of gaps, on a clock that is moved by hand.</summary>
public sealed class PatientGapsTests
{
    private static readonly TimeSpan Hop = TimeSpan.FromSeconds(2);

    private readonly ManualTimeProvider _time = new();
    private readonly PatientGaps _gaps;

    public PatientGapsTests() => _gaps = new PatientGaps(Hop, _time);

    [Fact]
    public void A_gap_is_the_longest_time_without_a_new_point_less_the_hop()
    {
        See(("A", 1), ("B", 1));
        After(2, ("A", 2), ("B", 1));
        After(7, ("A", 3), ("B", 2));
        After(2, ("A", 4), ("B", 3));

        Assert.Equal([TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(7)], _gaps.Take().Order());
    }

    [Fact]
    public void What_still_lasts_counts_and_goes_on_after_it_was_taken()
    {
        See(("A", 1));
        After(5, ("A", 1));

        Assert.Equal([TimeSpan.FromSeconds(3)], _gaps.Take());
        After(4, ("A", 2));
        Assert.Equal([TimeSpan.FromSeconds(7)], _gaps.Take());
        Assert.Equal([TimeSpan.Zero], _gaps.Take());
    }

    [Fact]
    public void An_older_point_is_not_a_new_one()
    {
        See(("A", 10));
        After(3, ("A", 9));
        After(3, ("A", 11));

        Assert.Equal([TimeSpan.FromSeconds(4)], _gaps.Take());
    }

    [Fact]
    public void Patients_flow_again_when_a_point_was_seen_later_than_the_moment_asked_about()
    {
        See(("A", 1), ("B", 1));
        var harm = _time.GetTimestamp();
        After(1, ("A", 2), ("B", 1));

        Assert.Equal(["A"], _gaps.FlowingSince(harm));
        Assert.Equal(1, _gaps.CountThrough(new Timestamp(2)));
        Assert.Equal(2, _gaps.CountThrough(new Timestamp(1)));
        Assert.Equal(2, _gaps.PatientCount);
    }

    [Fact]
    public void A_quantile_is_one_of_the_gaps_that_so_many_do_not_exceed()
    {
        Prop.ForAll<NonEmptyArray<int>, byte>((values, percent) =>
        {
            var gaps = values.Get.Select(value => TimeSpan.FromSeconds(value)).ToArray();
            var part = percent % 101 / 100.0;
            var found = PatientGaps.Quantile(gaps, part);
            // By definition: the least of them that enough of them do not exceed.
            return found == gaps.Where(gap => gaps.Count(other => other <= gap) >= part * gaps.Length).Min().TotalSeconds;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Without_gaps_there_is_no_quantile() => Assert.Equal(double.NaN, PatientGaps.Quantile([], 0.99));

    private void After(double seconds, params (string Patient, long At)[] newest)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        See(newest);
    }

    private void See(params (string Patient, long At)[] newest) => _gaps.Note(newest.ToDictionary(one => one.Patient, one => one.At));
}
