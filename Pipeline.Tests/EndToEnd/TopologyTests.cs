using FsCheck;
using FsCheck.Fluent;
using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.EndToEnd;

public class TopologyTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly RecordingSink _sink = new();

    [Fact]
    public async Task Chunks_become_points_with_their_identity_and_event_time()
    {
        var chunks = Enumerable.Range(0, 12).Select(i => Chunks.Of(10 * i, 10, "P7"));
        var source = new InMemorySource(chunks);

        var counts = await RunAsync(source);

        var points = _sink.Points.ToList();
        Assert.Equal([0, 1, 2], points.Select(p => p.WindowId));
        var last = points[^1];
        Assert.Equal(new Origin(InMemorySource.Topic, 0, 11), last.Origin);
        Assert.Equal(("P7", "w1", "b1", "d1", 0L), (last.Patient.Value, last.Ward, last.Bed, last.Device, last.Epoch));
        Assert.Equal(Chunks.Start.AddSeconds(4), last.WindowStart);
        Assert.Equal(Chunks.Start.AddSeconds(12), last.Time);
        Assert.Equal(Enumerable.Range(40, 80).Sum(), last.Estimate.Value);
        Assert.Equal(12, source.Committed[0]);
        Assert.Equal((120, 120, 3), (counts[Count.Samples], counts[Count.SamplesTaken], counts[Count.Windows]));
    }

    [Fact]
    public async Task Bed_and_ward_change_with_the_first_window_that_ends_after_the_chunk_that_says_so()
    {
        var chunks = Enumerable.Range(0, 12).Select(i => Chunks.Of(10 * i, 10, ward: i < 9 ? "w1" : "w2"));

        await RunAsync(new InMemorySource(chunks));

        Assert.Equal(["w1", "w2", "w2"], _sink.Points.Select(p => p.Ward));
    }

    [Fact]
    public async Task A_window_that_a_gap_completed_still_belongs_to_the_bed_before_it()
    {
        SampleChunk[] chunks = [Chunks.Of(0, 70), Chunks.Of(500, 80, ward: "w2")];

        await RunAsync(new InMemorySource(chunks));

        Assert.Equal("w1", _sink.Points.First().Ward);
        Assert.Equal("w2", _sink.Points.Last().Ward);
    }

    [Theory]
    [InlineData(0.9, 0, new[] { 8.0, 10.0, 12.0 })]
    [InlineData(1.1, 1, new[] { 8.0, 11.1, 13.1 })]
    [InlineData(-1.5, 1, new[] { 8.0, 8.5, 10.5 })]
    public async Task The_anchor_moves_for_the_windows_that_end_after_a_chunk_that_drifted_by_more_than_a_second(double drift, int moves, double[] ends)
    {
        var chunks = Enumerable.Range(0, 12).Select(i => Chunks.Of(10 * i, 10, time: Chunks.Start.AddSeconds(i + (i < 9 ? 0 : drift))));

        var counts = await RunAsync(new InMemorySource(chunks));

        Assert.Equal(moves, counts[Count.AnchorMoves]);
        Assert.Equal(ends, _sink.Points.Select(p => p.Time.SecondsSince(Chunks.Start)).Select(s => Math.Round(s, 3)));
    }

    [Fact]
    public async Task A_new_epoch_ends_the_one_before_and_counts_from_zero_and_an_earlier_one_is_late()
    {
        SampleChunk[] chunks = [Chunks.Of(0, 100), Chunks.Of(0, 80, epoch: 1), Chunks.Of(100, 50), Chunks.Of(80, 20, epoch: 1, end: true)];

        var counts = await RunAsync(new InMemorySource(chunks));

        Assert.Equal([(0L, 0L), (0L, 1L), (1L, 0L), (1L, 1L)], _sink.Points.Select(p => (p.Epoch, p.WindowId)));
        Assert.Equal([(0L, 10), (1L, 10)], _sink.Batches.SelectMany(b => b.Beats).Where(b => b.Seconds == 10).Select(b => (b.Epoch, (int)b.Seconds)));
        Assert.Equal(1, counts[Count.ChunksLate]);
    }

    [Fact]
    public async Task Another_rate_layout_or_format_within_an_epoch_is_refused_with_the_reason()
    {
        var other = new ChannelLayout(new Channel("X", SignalKind.Unknown, "1", Gain: 2));
        SampleChunk[] chunks =
        [
            Chunks.Of(0, 80), Chunks.Of(80, 20, rateHz: 20), Chunks.Of(80, 20, channels: other), Chunks.AsFloat32(Chunks.Of(80, 20)), Chunks.Of(80, 20),
        ];

        var counts = await RunAsync(new InMemorySource(chunks));

        Assert.Equal(["rate 20", "channels other", "format Float32"], _sink.DeadLetters.Select(d => string.Join(' ', d.Reason.Split(' ')[..2])));
        Assert.All(_sink.DeadLetters, d => Assert.Equal("chunk", d.Stage));
        Assert.Equal(2, counts[Count.Windows]);
        Assert.Equal(0, counts.SamplesUnaccounted());
    }

    [Fact]
    public async Task A_chunk_without_a_patient_is_refused_and_harms_nobody()
    {
        var nobody = Chunks.Of(0, 10);
        nobody = new SampleChunk
        {
            Patient = default,
            Bed = "",
            Ward = "",
            Device = nobody.Device,
            Epoch = 0,
            RateHz = nobody.RateHz,
            FirstSampleIndex = 0,
            FirstSampleTime = nobody.FirstSampleTime,
            Channels = nobody.Channels,
            SampleCount = nobody.SampleCount,
            Format = nobody.Format,
            Samples = nobody.Samples,
        };

        var counts = await RunAsync(new InMemorySource([nobody, Chunks.Of(0, 80)]));

        Assert.Equal("no patient", Assert.Single(_sink.DeadLetters).Reason);
        Assert.Single(_sink.Points);
        Assert.Equal(0, counts.SamplesUnaccounted());
    }

    [Fact]
    public async Task What_the_decoder_refused_is_delivered_and_committed_like_output()
    {
        var letter = new DeadLetter("decode", "not a chunk", new Origin(InMemorySource.Topic, 0, 5), default, new byte[] { 1 });
        var source = new InMemorySource([(0, new ShardRecord(5, null, letter))]);

        await RunAsync(source);

        Assert.Equal([letter], _sink.DeadLetters);
        Assert.Equal(6, source.Committed[0]);
    }

    [Fact]
    public async Task The_order_between_patients_and_their_shards_is_irrelevant()
    {
        var random = new Random(3);
        var chunks = Enumerable.Range(0, 40).SelectMany(i => Enumerable.Range(0, 9).Select(p => Chunks.Of(10 * i, 10, $"P{p}", rateHz: p % 2 == 0 ? 10 : 5))).ToList();
        // A random delay of each patient: other neighbours, the same order within the patient.
        var delays = Enumerable.Range(0, 9).Select(_ => random.Next(300)).ToArray();
        var shuffled = chunks.OrderBy(c => c.FirstSampleIndex + delays[c.Patient.Value[1] - '0']).ToList();
        var other = new RecordingSink();

        await RunAsync(new InMemorySource(chunks));
        await TestPartitions.RunAsync(new InMemorySource(shuffled, c => c.Patient.Value[1] % 3), [other], new TopologyOptions(), _time, default, SumStage.Factory);

        Assert.Equal(Plain(_sink), Plain(other));

        static List<string> Plain(RecordingSink sink) =>
            [.. sink.Points.Select(p => $"{p.Patient} {p.WindowId} {p.Time} {p.Estimate}").Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task Every_sink_gets_every_batch_and_all_must_acknowledge()
    {
        var release = new TaskCompletionSource();
        var slow = new RecordingSink { Gate = release.Task };
        var source = new InMemorySource([Chunks.Of(0, 100)]);

        var running = TestPartitions.RunAsync(source, [_sink, slow], new TopologyOptions(), _time, default, SumStage.Factory);
        await slow.Arrived.WaitAsync();
        Assert.False(running.IsCompleted);
        release.SetResult();
        await running;

        Assert.Equal(_sink.Points, slow.Points);
        Assert.Equal(1, source.Committed[0]);
    }

    [Fact]
    public void Any_cutting_of_the_samples_into_chunks_gives_the_same_points_and_beats()
    {
        var whole = Output(Cut(null));
        Assert.Equal(77 - 5, whole.Count(line => line.Contains("point", StringComparison.Ordinal)));

        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => Assert.Equal(whole, Output(Cut(new Random(seed))))).QuickCheckThrowOnFailure();

        // 12.5 Hz; samples 600..799 are never sent, the end is said at 2,000.
        static IEnumerable<SampleChunk> Cut(Random? random)
        {
            for (var first = 0; first < 2000;)
            {
                var end = Math.Min(first < 600 ? 600 : 2000, first + (random?.Next(1, 60) ?? 25));
                yield return Chunks.Of(first, end - first, rateHz: 12.5, end: end == 2000);
                first = end == 600 ? 800 : end;
            }
        }

        static List<string> Output(IEnumerable<SampleChunk> chunks) =>
        [
            .. StreamRun.Of(chunks, SumStage.Factory).SelectMany(r =>
                r.Estimates.Select(e => $"point {r.Window} {e}").Concat(r.Beats.Select(b => $"beat {b.SampleIndex}"))),
        ];
    }

    private Task<Counts> RunAsync(InMemorySource source) =>
        TestPartitions.RunAsync(source, [_sink], new TopologyOptions(), _time, default, SumStage.Factory);
}
