using System.Buffers;
using System.Globalization;
using System.Text;
using Pipeline.Actors;
using Pipeline.Benchmarks.Ctg;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Host.Store;
using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Recordings;
using Pipeline.Tests.Support;
using Xunit;
using V1 = Pipeline.Host.Wire.V1;

namespace Pipeline.Tests.Ctg;

/// <summary>Events on their way to the store, the results topic and files.</summary>
public sealed class EventPointTests
{
    [Fact]
    public void An_event_is_one_line_at_its_begin_and_another_while_it_lasts()
    {
        var lasting = Write(Point(isOver: false, 30));
        var over = Write(Point(isOver: true, 48));

        Assert.Equal(
            "fetal,ward=w1,bed=b1,pid=P1,device=ctg,signal=fhr,metric=deceleration_ongoing quality=0.9,coverage=0.9,status=\"ok\",model=\"classical\",value=30,"
            + "kind=\"deceleration_late\",priority=\"low\",reason=\"a \\\"reason\\\"\" 1782892800000000000\n", lasting);
        Assert.StartsWith("fetal,ward=w1,bed=b1,pid=P1,device=ctg,signal=fhr,metric=deceleration quality", over, StringComparison.Ordinal);
        Assert.EndsWith(",end=1782892848000 1782892800000000000\n", over, StringComparison.Ordinal);
        Assert.Contains(",value=48,", over, StringComparison.Ordinal);
    }

    [Fact]
    public void Rates_are_vitals_and_what_a_trace_is_said_to_be_is_fetal()
    {
        Assert.Equal("vitals", Names.MeasurementOf(Metric.FetalHeartRate));
        Assert.Equal("vitals", Names.MeasurementOf(Metric.HeartRate));
        Assert.Equal("presence", Names.MeasurementOf(Metric.Presence));
        Assert.Equal("fetal", Names.MeasurementOf(Metric.FetalCategory));
        foreach (var metric in Enum.GetValues<Metric>())
            Assert.NotEmpty(Names.Of(metric) + Names.UnitOf(metric));
        foreach (var kind in Enum.GetValues<EventKind>())
            Assert.Equal(kind < EventKind.Asystole ? ("fetal", "fetal") : ("rhythm", "rhythm"), (Names.MeasurementOf(Names.MetricOf(kind)), Names.MeasurementOf(Names.MetricOf(kind, isOver: false))));
        Assert.Equal(Enum.GetValues<EventKind>().Length, Enum.GetValues<EventKind>().Select(Names.Of).Distinct().Count());
    }

    [Fact]
    public void A_result_brings_its_event_back()
    {
        foreach (var point in new[] { Point(isOver: false, 30), Point(isOver: true, 48), Points.Of(3) })
            Assert.Equal(point, ResultCodec.Decode(ResultCodec.Encode(point), out _));
        Assert.NotEqual(ResultIdentity.Of(Point(true, 48)), ResultIdentity.Of(Point(true, 48) with { Time = Points.Start.AddSeconds(1) }));
    }

    [Fact]
    public void An_event_that_a_newer_program_added_is_refused_by_name()
    {
        var result = V1.Result.Parser.ParseFrom(ResultCodec.Encode(Point(true, 48)));
        result.Event.Kind = (V1.EventKind)999;
        using var stream = new MemoryStream();
        Google.Protobuf.MessageExtensions.WriteTo(result, stream);

        Assert.Null(ResultCodec.Decode(stream.ToArray(), out var refused));
        Assert.Equal("event 999", refused);
    }

    [Fact]
    public async Task Estimate_writes_rows_and_events_in_order()
    {
        using var folder = new TemporaryFolder();
        var trace = new SyntheticCtg(new CtgScenario { Seed = 3, Minutes = 60, Decelerations = 0.8, Kind = EventKind.LateDeceleration });
        var path = WfdbFiles.Write(folder.Path, "labour", 4, [("FHR", "100(0)/bpm", Stored(trace.Rates)), ("UC", "100/nd", Stored(trace.Toco))]);
        var (rows, events) = (Path.Combine(folder.Path, "rows.csv"), Path.Combine(folder.Path, "events.csv"));

        var code = await CommandLine.InvokeAsync(["estimate", path, "--output", rows, "--events", events], TextWriter.Null, TextWriter.Null, CancellationToken.None);

        Assert.Equal(ExitCode.Ok, code);
        var lines = File.ReadAllLines(events);
        Assert.Equal("start_s,end_s,kind,priority,probability,reason", lines[0]);
        var cells = lines.Skip(1).Select(line => line.Split(',')).ToList();
        Assert.All(cells, row => Assert.Equal(6, row.Length));
        double[] starts = [.. cells.Select(row => double.Parse(row[0], CultureInfo.InvariantCulture))];
        Assert.Equal(starts.Order(), starts);
        Assert.All(cells, row => Assert.True(double.Parse(row[1], CultureInfo.InvariantCulture) > double.Parse(row[0], CultureInfo.InvariantCulture)));
        Assert.InRange(cells.Count(row => row[2].StartsWith("deceleration", StringComparison.Ordinal)), trace.Events.Count(one => one.Kind == EventKind.LateDeceleration) - 1, 99);
        Assert.Contains(cells, row => row[2] == "deceleration_late");
        Assert.Equal(8 * (1 + (60 * 60 - 8) / 2), File.ReadLines(rows).Count() - 1);
    }

    [Fact]
    public async Task Limits_that_are_set_are_those_by_which_a_recording_is_read()
    {
        using var folder = new TemporaryFolder();
        var trace = new SyntheticCtg(new CtgScenario { Seed = 3, Minutes = 40, Baseline = 150, BaselineMoves = false, Decelerations = 0 });
        var path = WfdbFiles.Write(folder.Path, "labour", 4, [("FHR", "100(0)/bpm", Stored(trace.Rates)), ("UC", "100/nd", Stored(trace.Toco))]);
        var events = Path.Combine(folder.Path, "events.csv");

        await CommandLine.InvokeAsync(["estimate", path, "--output", $"{events}.rows", "--events", events, "--set", "Ctg:BaselineHigh=141"], TextWriter.Null, TextWriter.Null, CancellationToken.None);
        var error = new StringWriter();
        var code = await CommandLine.InvokeAsync(["estimate", path, "--set", "Ctg:BaselineHigh=20"], TextWriter.Null, error, CancellationToken.None);

        Assert.Contains("category_suspicious", File.ReadAllText(events), StringComparison.Ordinal);
        Assert.Contains("baseline above 141", File.ReadAllText(events), StringComparison.Ordinal);
        Assert.Equal(ExitCode.BadUsage, code);
        Assert.Contains("Ctg:BaselineHigh is '20'; allowed: 140 to 200", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_reach_the_sinks_as_points_at_their_begins()
    {
        var trace = new SyntheticCtg(new CtgScenario { Seed = 5, Minutes = 40, Decelerations = 0.8 });
        var layout = new ChannelLayout(new Channel("FHR", SignalKind.FetalHeartRate, "/min", 100), new Channel("UC", SignalKind.UterineActivity, "1", 100));
        SampleChunk[] chunks = [.. Enumerable.Range(0, 40 * 60).Select(second => Chunks.Of(
            [.. Stored(trace.Rates[(4 * second)..(4 * second + 4)]), .. Stored(trace.Toco[(4 * second)..(4 * second + 4)])],
            4 * second, 4, device: "ctg", rateHz: 4, channels: layout, end: second == 40 * 60 - 1))];
        var sink = new RecordingSink();

        await TestPartitions.RunAsync(new InMemorySource(chunks), [sink], new TopologyOptions(), new ManualTimeProvider(), stages: first => Models.Estimators.Stages.Create(first.Channels, first.RateHz));

        var told = sink.Points.Where(point => point.Event is not null).ToList();
        var expected = StreamRun.Of(chunks).SelectMany(window => window.Events).ToList();
        Assert.Equal(
            expected.Select(one => (one.Kind, one.BeginIndex / 4, one.EndIndex / 4, one.IsOver)), told.Select(point => (point.Event!.Kind, point.Event.BeginSeconds, point.Event.EndSeconds, point.Event.IsOver)));
        Assert.All(told, point => Assert.Equal(Chunks.Start.AddSeconds(point.Event!.BeginSeconds), point.Time));
        Assert.All(told, point => Assert.Equal(point.Event!.EndSeconds - point.Event.BeginSeconds, point.Estimate.Value));
        Assert.Contains(told, point => point.Event!.Kind == EventKind.Contraction && point.Estimate.Signal == SignalKind.UterineActivity);
    }

    private static short[] Stored(float[] values) => [.. values.Select(value => (short)Math.Round(100 * value))];

    private static VitalPoint Point(bool isOver, double seconds) => new(
        new Origin("samples", 3, 1_000), new PatientId("P1"), "w1", "b1", "ctg", 7, 90, Points.Start, Points.Start,
        new Estimate(SignalKind.FetalHeartRate, Names.MetricOf(EventKind.LateDeceleration, isOver), seconds, double.NaN, 0.9, 0.9, EstimateStatus.Ok, "classical"))
    {
        Event = new PatientEvent(EventKind.LateDeceleration, 10, 10 + seconds, Points.Start.AddSeconds(seconds), isOver, EventPriority.Low, "a \"reason\""),
    };

    private static string Write(VitalPoint point)
    {
        var target = new ArrayBufferWriter<byte>();
        LineProtocol.Append(point, target);
        return Encoding.UTF8.GetString(target.WrittenSpan);
    }
}
