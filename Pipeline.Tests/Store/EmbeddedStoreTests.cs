using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Store;
using Pipeline.Models;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Store;

public sealed class EmbeddedStoreTests : IDisposable
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly HeldSink _deadLetters = new();
    private readonly Meter _meter = new("Pipeline");

    public void Dispose()
    {
        _meter.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Acknowledged_points_are_whole_lines_on_disk()
    {
        await using var store = Open();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => store.WriteAsync(Points.Batch(0, 30, $"P{i}"), Never)));

        var lines = ReadLines();
        Assert.Equal(600, lines.Length);
        Assert.Equal(600, lines.Distinct().Count());
        Assert.All(lines, line => Assert.StartsWith("vitals,ward=w1,bed=b1,pid=P", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Segments_are_rolled_by_size_and_named_in_order()
    {
        await using var store = Open(segmentBytes: 8_192);

        for (var i = 0; i < 20; i++)
            await store.WriteAsync(Points.Batch(10 * i, 10), Never);

        var files = SegmentFiles.List(_folder.Path);
        Assert.InRange(files.Count, 4, 20);
        Assert.Equal(files.Order(StringComparer.Ordinal), files);
        Assert.All(files, file => Assert.InRange(new FileInfo(file).Length, 1, 8_192));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => Points.Of(i).Time.UnixNanoseconds), ReadLines().Select(TimeOf));
    }

    [Theory]
    [InlineData("vitals,ward=w1,bed=b1,pid=P9,device=d1,signal=ecg,metric=heart_rate quality=0.5,cov")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0")]
    [InlineData("vitals,ward=w1\0\0\0\0\0\n\0\0\n")]
    public async Task A_torn_end_is_cut_off_at_the_start_and_writing_goes_on(string torn)
    {
        await using (var store = Open())
            await store.WriteAsync(Points.Batch(0, 5), Never);
        await File.AppendAllTextAsync(SegmentFiles.List(_folder.Path)[^1], torn);

        await using (Open())
            Assert.Equal(5, ReadLines().Length);
        await using (var store = Open())
            await store.WriteAsync(Points.Batch(5, 5), Never);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => Points.Of(i).Time.UnixNanoseconds), ReadLines().Select(TimeOf));
    }

    [Fact]
    public async Task A_segment_that_is_nothing_but_a_torn_line_is_emptied_and_used()
    {
        await using (var store = Open())
            await store.WriteAsync(Points.Batch(0, 1), Never);
        await File.WriteAllTextAsync(SegmentFiles.List(_folder.Path)[^1], "vitals,ward");

        await using (var store = Open())
            await store.WriteAsync(Points.Batch(1, 1), Never);

        Assert.Equal(Points.Of(1).Time.UnixNanoseconds, TimeOf(Assert.Single(ReadLines())));
    }

    [Fact]
    public async Task A_folder_belongs_to_one_store()
    {
        await using var store = Open();

        Assert.Throws<IOException>(() => Open());
    }

    [Fact]
    public async Task Batches_within_a_flush_interval_are_flushed_together()
    {
        var time = new InstantDelays(_ => true);
        await using var store = Open(flushInterval: TimeSpan.FromSeconds(1), time: time);

        for (var i = 0; i < 5; i++)
            await store.WriteAsync(Points.Batch(i, 1), Never);

        // The first is flushed at once, each later one when the interval since the flush before is over.
        Assert.Equal(Enumerable.Repeat(TimeSpan.FromSeconds(1), 4), time.Delays);
    }

    [Fact]
    public async Task A_point_that_cannot_be_written_is_a_dead_letter_and_the_others_are_stored()
    {
        await using var store = Open();

        await store.WriteAsync(Points.Batch([Points.Of(1), Points.Of(2, quality: double.NaN), Points.Of(3)]), Never);

        Assert.Equal(2, ReadLines().Length);
        Assert.Equal(1_002, Assert.Single(_deadLetters.DeadLetters).Origin.Offset);
    }

    [Fact]
    public async Task A_fault_of_this_program_fails_the_batch_and_the_store_goes_on()
    {
        await using var store = Open();
        var unknown = Points.Of(1) with { Estimate = Points.Of(1).Estimate with { Metric = (Metric)99 } };

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => store.WriteAsync(Points.Batch([unknown]), Never));
        await store.WriteAsync(Points.Batch(0, 1), Never);

        Assert.Single(ReadLines());
    }

    [Fact]
    public async Task A_disk_that_refuses_is_waited_for()
    {
        var time = new InstantDelays(_ => true);
        await using var store = Open(segmentBytes: 4_096, time: time);
        await store.WriteAsync(Points.Batch(0, 20), Never);
        Directory.Move(_folder.Path, _folder.Path + "-gone");

        // The next batch needs a new segment, for which there is no folder.
        var write = store.WriteAsync(Points.Batch(20, 20), Never);
        while (store.State.Outage is null)
            await Task.Yield();
        Assert.Equal("disk", store.State.Outage.Reason);
        Directory.Move(_folder.Path + "-gone", _folder.Path);
        await write;

        Assert.Equal(40, ReadLines().Length);
        Assert.Null(store.State.Outage);
    }

    private static long TimeOf(string line) => long.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    private string[] ReadLines()
    {
        var text = string.Concat(SegmentFiles.List(_folder.Path).Select(Read));
        Assert.True(text.Length == 0 || text[^1] == '\n');
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        static string Read(string path)
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(file, Encoding.UTF8);
            return reader.ReadToEnd();
        }
    }

    private EmbeddedStore Open(long segmentBytes = 1 << 20, TimeSpan flushInterval = default, TimeProvider? time = null) => new(
        new EmbeddedStoreOptions { Directory = _folder.Path, SegmentBytes = segmentBytes, FlushInterval = flushInterval },
        _deadLetters, new StoreMetrics(_meter), time ?? TimeProvider.System, NullLogger<EmbeddedStore>.Instance);
}
