using System.Buffers;
using Pipeline.Actors;
using Pipeline.Host.Store;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Alarms;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Store;

/// <summary>What was stored, read back.</summary>
public sealed class SegmentHistoryTests : IDisposable
{
    private static readonly DateTimeOffset Start = Points.Start.ToDateTimeOffset();
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_series_comes_back_as_means_of_the_values_that_count()
    {
        Write("vitals-20260701T080000000Z-00000001.lp", [Points.Of(0), Points.Of(1), Points.Of(2, status: EstimateStatus.LowQuality), Points.Of(3), Points.Of(10)]);

        var series = Assert.Single(await ReadAsync("P1", every: 4));

        Assert.Equal(("P1", "d1", "ecg", "heart_rate"), (series.Patient, series.Device, series.Signal, series.Metric));
        // Points come each 2 s and are worth 60 and their number: 0 and 1 are one stretch, of 2 and 3 only the latter counts.
        Assert.Equal([0L, 4, 20], series.Times.Select(time => (time - Start.ToUnixTimeMilliseconds()) / 1_000));
        Assert.Equal([60.5, 63, 70], series.Means);
        Assert.Equal([1.25, 1.25, 1.25], series.Sigmas);
    }

    [Fact]
    public async Task The_newest_changes_of_alarms_come_back_with_all_their_fields_each_once()
    {
        var run = new AlarmRun().From(8, 30, AlarmRun.Rate(125));
        run.Engine.Acknowledge(0, "n \"12\"", "seen, at the bed\\", run.Changes);
        run.From(32, 60, AlarmRun.Rate(75));
        VitalPoint[] points = [.. run.Changes.Select(AlarmPointTests.PointOf)];
        Write("vitals-20260701T080000000Z-00000001.lp", [Points.Of(1), .. points]);
        Write("vitals-20260701T080000000Z-00000002.lp", [points[^1]]);
        var history = new SegmentHistory(_folder.Path);

        var all = await history.ReadEventsAsync(new EventsRequest(null, ["alarm"], Start, Start.AddHours(1), 100), default);
        var newest = await history.ReadEventsAsync(new EventsRequest("P1", ["alarm"], Start, Start.AddHours(1), 2), default);

        Assert.Equal(["ended", "acknowledged", "raised"], all.Select(change => change.Texts["action"]));
        Assert.Equal(["ended", "acknowledged"], newest.Select(change => change.Texts["action"]));
        Assert.Equal(("P1", "w1", "b1", "", "alarm"), (all[1].Patient, all[1].Ward, all[1].Bed, all[1].Device, all[1].Metric));
        Assert.Equal(("n \"12\"", "seen, at the bed\\", "tachycardia", 1.0), (all[1].Texts["by"], all[1].Texts["why"], all[1].Texts["kind"], all[1].Numbers["number"]));
        Assert.Empty(await history.ReadEventsAsync(new EventsRequest("P2", ["alarm"], Start, Start.AddHours(1), 100), default));
    }

    [Fact]
    public async Task Only_the_patient_the_metrics_and_the_time_that_are_asked_for_are_read()
    {
        const string Odd = "p,=\\ x";
        Write("vitals-20260701T080000000Z-00000001.lp", [.. Enumerable.Range(0, 50).SelectMany(i => new[] { Points.Of(i), Points.Of(i, "P2"), Points.Of(i, "P1", signal: SignalKind.Ppg), Points.Of(i, Odd, device: "a b,") })]);

        Assert.Equal(["ecg", "ppg"], (await ReadAsync("P1")).Select(series => series.Signal));
        Assert.Empty(await ReadAsync("P1", metric: "fetal_heart_rate"));
        Assert.Equal(("p,=＼ x", "a b,"), (await ReadAsync(null)).Where(series => series.Device != "d1").Select(series => (series.Patient.Replace('\\', '＼'), series.Device)).Single());
        Assert.Equal(4, (await ReadAsync(null)).Count);
        var part = (await new SegmentHistory(_folder.Path).ReadAsync(new HistoryRequest("P2", ["heart_rate"], Start.AddSeconds(20), Start.AddSeconds(40), TimeSpan.FromSeconds(2)), default)).Single();
        Assert.Equal(Enumerable.Range(10, 10).Select(i => 60.0 + i), part.Means);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_the_order_and_the_segments_the_means_are_those_of_a_plain_count(int seed)
    {
        var random = new Random(seed);
        VitalPoint[] points = [.. Enumerable.Range(0, 600).Select(i => Points.Of(i, $"P{i % 3}", status: random.Next(4) == 0 ? EstimateStatus.Gap : EstimateStatus.Ok))];
        random.Shuffle(points.AsSpan(0, 200));
        for (var part = 0; part < 6; part++)
            Write($"vitals-20260701T08000{part}000Z-{part + 1:D8}.lp", points[(100 * part)..(100 * part + 100)]);

        var read = await ReadAsync(null, every: 30);

        var expected = points.Where(point => point.Estimate.Status == EstimateStatus.Ok)
            .GroupBy(point => (point.Patient.Value, Time: point.Time.UnixNanoseconds / 30_000_000_000 * 30_000)).OrderBy(group => group.Key)
            .Select(group => (group.Key.Value, group.Key.Time, Math.Round(group.Average(point => point.Estimate.Value), 9)));
        Assert.Equal(expected, read.SelectMany(series => series.Times.Zip(series.Means).Select(mean => (series.Patient, mean.First, Math.Round(mean.Second, 9)))));
    }

    [Fact]
    public async Task A_line_that_is_being_written_is_left_for_later()
    {
        var path = Write("vitals-20260701T080000000Z-00000001.lp", [Points.Of(0), Points.Of(1)]);
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path))[..^3]);

        Assert.Equal([60.0], Assert.Single(await ReadAsync("P1")).Means);
        Assert.Empty(await new SegmentHistory(Directory.CreateDirectory(Path.Combine(_folder.Path, "none")).FullName).ReadAsync(
            new HistoryRequest("P1", ["heart_rate"], Start, Start.AddHours(1), TimeSpan.FromSeconds(2)), default));
    }

    private Task<IReadOnlyList<StoredSeries>> ReadAsync(string? patient, double every = 2, string metric = "heart_rate") =>
        new SegmentHistory(_folder.Path).ReadAsync(new HistoryRequest(patient, [metric], Start.AddHours(-1), Start.AddHours(1), TimeSpan.FromSeconds(every)), default);

    private string Write(string name, IReadOnlyList<VitalPoint> points)
    {
        var lines = new ArrayBufferWriter<byte>();
        foreach (var point in points)
            LineProtocol.Append(point, lines);
        var path = Path.Combine(_folder.Path, name);
        File.WriteAllBytes(path, lines.WrittenSpan);
        return path;
    }
}
