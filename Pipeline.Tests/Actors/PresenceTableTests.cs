using Pipeline.Actors;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Actors;

/// <summary>
/// Who is silent, by the wall clock:
/// <code>
/// chunk  |.....10 s.....| silent |..60 s..| said again | chunk: sends again
/// </code>
/// </summary>
public sealed class PresenceTableTests
{
    private static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _time = new();
    private readonly PresenceTable _table;
    private readonly Dictionary<string, HeardDevice?> _known = [];

    public PresenceTableTests() => _table = new PresenceTable(SilentAfter, _time);

    [Fact]
    public void A_device_that_sends_nothing_is_silent_after_ten_seconds_once_and_sends_again_with_its_next_chunk()
    {
        Hear("P1", second: 0);
        Hear("P2", second: 0);
        Assert.Equal("P1 sends; P2 sends", Judge());
        Advance(9);
        Hear("P2", second: 9);
        Assert.Equal("", Judge());

        Advance(1);
        Assert.Equal("P1 silent since 1 s", Judge());
        Assert.Equal(1, _table.SilentCount);
        Advance(9);
        Hear("P2", second: 19);
        Assert.Equal("", Judge());
        Hear("P1", second: 40);
        Assert.Equal("P1 sends", Judge());
        Assert.Equal(0, _table.SilentCount);
    }

    [Fact]
    public void One_that_stays_silent_is_said_to_be_so_each_minute_for_an_hour_and_never_as_something_new()
    {
        Hear("P1", second: 0);
        Judge();
        Advance(10);
        Assert.Equal("P1 silent since 1 s", Judge());

        var again = Enumerable.Range(0, 2 * 3_600).Count(_ =>
        {
            Advance(1);
            return Judge() is "P1 still";
        });

        Assert.InRange(again, 55, 60);
        Assert.Equal(1, _table.SilentCount);
    }

    [Fact]
    public void Nobody_is_silent_while_the_partition_is_behind_and_whoever_sent_meanwhile_is_not_after_it()
    {
        Hear("P1", second: 0);
        Judge();
        Advance(60);
        Assert.Equal("", Judge(isAtEnd: false));
        Hear("P1", second: 59);

        Assert.Equal("", Judge());
    }

    [Fact]
    public void A_new_owner_waits_as_long_from_when_it_has_caught_up_and_finds_those_that_did_not_come()
    {
        var before = new PatientSnapshot(new PatientId("P2"), default, [Placed(second: 5)]);
        var gone = new PatientSnapshot(new PatientId("P3"), default, [Placed(second: -5_000)]);
        Advance(100);                               // restores
        Hear("P1", second: 100);
        Assert.Equal("P1 sends", Judge(isAtEnd: false));    // catches up; an owner before may have found it silent
        Advance(30);
        Assert.Equal("", Judge());                  // at the end from here on
        Advance(9);
        Hear("P1", second: 139);
        Assert.False(_table.IsToAddRestored);
        Advance(1);
        Assert.True(_table.IsToAddRestored);
        foreach (var snapshot in (PatientSnapshot[])[before, gone])
            _table.Add(snapshot, Chunks.Start.AddSeconds(-3_600));

        Assert.Equal("P2 silent since 5 s, inherited", Judge());
        Hear("P2", second: 150);
        Assert.Equal("P2 sends", Judge());
    }

    private static PlacedDevice Placed(long second)
    {
        var stream = new DeviceSnapshot("d1", 0, 10, SampleFormat.Int16, Chunks.OneChannel, WindowShape.Default, []);
        return new PlacedDevice(stream, "w1", "b1", Chunks.Start.AddSeconds(second));
    }

    private void Hear(string patient, long second)
    {
        var known = _known.GetValueOrDefault(patient);
        _table.Hear(ref known, Chunks.Of(10 * second, 10, patient), _time.GetTimestamp());
        _known[patient] = known;
    }

    private void Advance(int seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private string Judge(bool isAtEnd = true) => string.Join("; ", _table.Judge(isAtEnd).Select(change =>
        $"{change.Device.Patient} {(!change.IsSilent ? "sends" : change.IsNew ? $"silent since {change.Device.Last.SecondsSince(Chunks.Start)} s" : "still")}{(change.IsInherited ? ", inherited" : "")}"));
}
