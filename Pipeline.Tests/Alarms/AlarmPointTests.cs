using System.Buffers;
using System.Text;
using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Estimates;
using Pipeline.Host.Store;
using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;
using static Pipeline.Tests.Alarms.AlarmRun;

namespace Pipeline.Tests.Alarms;

/// <summary>Changes of alarms on their way out: a line of the store, a record of the results topic, what readers of the ward see.</summary>
public sealed class AlarmPointTests
{
    private readonly AlarmRun _run = new AlarmRun().From(8, 30, Rate(125)).From(32, 36, Rate(null, without: EstimateStatus.Asystole));

    [Fact]
    public void A_change_is_one_line_with_the_tags_of_the_patient_and_the_alarm_in_fields() => Assert.Equal(
        "alarm,ward=w1,bed=b1,pid=P1,device=-,signal=unknown,metric=alarm quality=1,coverage=1,status=\"ok\",model=\"classical\",value=1,"
        + "action=\"raised\",sequence=1,by=\"\",why=\"\",paused=0,top=\"tachycardia\",top_priority=\"medium\",top_state=\"active\",urgency=3,kind=\"tachycardia\",priority=\"medium\","
        + "state=\"active\",number=1,begin=1782892818000,source=\"mon\",level=0,reason=\"125 above 120 in ecg of mon\",rate=125,limit=120 1782892818000000001\n",
        Line(PointOf(_run.Changes[0])));

    [Fact]
    public void A_change_comes_back_from_a_record_as_it_was()
    {
        _run.Engine.Pause(TimeSpan.FromMinutes(1), "n1", "care", _run.Changes);
        _run.From(38, 60, Rate(75));
        foreach (var change in _run.Changes)
        {
            var point = PointOf(change);
            var read = ResultCodec.Decode(ResultCodec.Encode(point), out var refused);

            Assert.Null(refused);
            Assert.Equal(point, read);
            Assert.Equal(change.At.UnixNanoseconds + change.Sequence, ResultIdentity.Of(read!).BeginNs);
        }
        Assert.Equal(_run.Changes.Count, _run.Changes.Select(change => ResultIdentity.Of(PointOf(change))).Distinct().Count());
    }

    [Fact]
    public async Task Readers_see_the_newest_state_of_the_alarms_also_from_an_owner_that_has_only_restored_it()
    {
        var latest = new LatestValues();
        await latest.WriteAsync(Points.Batch([Points.Of(3), .. _run.Changes.Select(PointOf)]), CancellationToken.None);
        var report = PatientReport.From(latest.ByPatient(new PatientId("P1")))!;

        Assert.Equal(["asystole", "tachycardia"], report.Alarms!.Open.Select(alarm => alarm.Kind));
        Assert.Equal(("high", "active", 1), (report.Alarms.Open[0].Priority, report.Alarms.Open[0].State, report.Series.Count));

        var (restored, batch) = (new LatestValues(), Points.Batch([Points.Of(4)]));
        batch.Standing.Add(PointOf(_run.Engine.Standing()!));
        await restored.WriteAsync(batch, CancellationToken.None);
        var again = PatientReport.From(restored.ByPatient(new PatientId("P1")))!;

        Assert.Equal(report.Alarms.Open, again.Alarms!.Open);
        Assert.Equal(report.Alarms.Sequence, again.Alarms.Sequence);
    }

    [Fact]
    public async Task A_new_owner_says_how_the_alarms_stand_to_readers_alone()
    {
        var rules = new AlarmRules { LostDelay = TimeSpan.FromSeconds(2), PoorDelay = TimeSpan.FromSeconds(2), HeartRateHigh = 55, HeartRateLow = 54, LimitDelay = default };
        var (chunks, sink) = (SimulatedChunks.Of(beds: 1, seconds: 40), new RecordingSink());
        var half = chunks.Count / 2;
        ShardCheckpoint? last;
        await using (var first = TestPartitions.Of(new TopologyOptions(), [sink], TimeProvider.System, alarms: rules))
        {
            first.Assign(0, "t", new ShardRestore(new ShardLease(0, 1), null, [], []), Guid.NewGuid());
            await PostAsync(first, chunks, 0, half);
            (_, last) = await first.ReleaseAsync(0, CancellationToken.None);
        }
        var before = sink.Points.Last(point => point.Alarm is not null).Alarm!;
        var next = new RecordingSink();
        await using var second = TestPartitions.Of(new TopologyOptions(), [next], TimeProvider.System, alarms: rules);
        second.Assign(0, "t", new ShardRestore(new ShardLease(0, 2), last!.Through, [.. last.Changed.Select(one => SnapshotCodec.Decode(SnapshotCodec.Encode(one), out _)!)], []), last.Through.TopicId);
        await PostAsync(second, chunks, half, chunks.Count);
        await second.ReleaseAsync(0, CancellationToken.None);

        var standing = Assert.Single(next.Batches.SelectMany(batch => batch.Standing)).Alarm!;
        Assert.Equal((before.Sequence, before.At), (standing.Sequence, standing.At));
        Assert.Equal(before.Open.Select(alarm => alarm.Number), standing.Open.Select(alarm => alarm.Number));
        var sequences = sink.Points.Concat(next.Points).Where(point => point.Alarm is not null).Select(point => point.Alarm!.Sequence).ToList();
        Assert.Equal(Enumerable.Range(1, sequences.Count).Select(number => (long)number), sequences);
    }

    [Fact]
    public void A_row_of_the_events_has_begin_end_and_reason() => Assert.Equal(
        "18,40,alarm_tachycardia,medium,1,125 above 120 in ecg of mon", EstimateRow.Csv(_run.Changes[0].Alarm!, 18, 40));

    private static async Task PostAsync(Partitions shards, List<SampleChunk> chunks, int from, int to)
    {
        for (var i = from; i < to; i++)
            while (!shards.TryPost(0, new ShardRecord(i, chunks[i])))
                await shards.WaitForSpaceAsync(0, CancellationToken.None);
    }

    internal static VitalPoint PointOf(AlarmChange change) => Points.Of(5, device: "", time: new Timestamp(change.At.UnixNanoseconds + change.Sequence)) with
    {
        WindowStart = change.At,
        Estimate = new Estimate(SignalKind.Unknown, Metric.Alarm, change.Open.Count, double.NaN, 1, 1, EstimateStatus.Ok, "classical"),
        Alarm = change,
    };

    private static string Line(VitalPoint point)
    {
        var target = new ArrayBufferWriter<byte>();
        LineProtocol.Append(point, target);
        return Encoding.UTF8.GetString(target.WrittenSpan);
    }
}
