using System.Buffers;
using System.Text;
using Pipeline.Actors;
using Pipeline.Host.Store;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.EndToEnd;

/// <summary>What stands in the store at the end, as lines: a function of the records, however often they came.</summary>
public sealed class StoredPointsTests
{
    [Fact]
    public async Task The_same_chunks_twice_leave_the_same_points()
    {
        var chunks = SimulatedChunks.Of(beds: 2, seconds: 30);

        var once = await LinesAsync(chunks);
        var eachTwice = await LinesAsync(chunks.SelectMany(chunk => new[] { chunk, chunk }));

        Assert.True(once.Count > 2 * 3 * 10, $"only {once.Count} points");
        Assert.Equal(once, eachTwice);
    }

    [Fact]
    public async Task A_run_that_is_repeated_from_the_start_overwrites_its_own_points()
    {
        var chunks = SimulatedChunks.Of(beds: 2, seconds: 30);

        var whole = await LinesAsync(chunks);
        var broken = await LinesAsync(chunks.Take(chunks.Count / 2));
        broken.UnionWith(await LinesAsync(chunks));

        Assert.Equal(whole, broken);
    }

    [Fact]
    public async Task A_patient_with_every_device_has_at_most_50_series()
    {
        var lines = await LinesAsync(SimulatedChunks.Of(beds: 3, seconds: 60));

        var series = lines.Select(line => line[..line.IndexOf(" quality=", StringComparison.Ordinal)]).Distinct()
            .GroupBy(name => name[name.IndexOf(",pid=", StringComparison.Ordinal)..name.IndexOf(",device=", StringComparison.Ordinal)]);
        Assert.Equal(3, series.Count());
        Assert.All(series, patient => Assert.InRange(patient.Count(), 3, 50));
    }

    private static async Task<SortedSet<string>> LinesAsync(IEnumerable<Models.Signals.SampleChunk> chunks)
    {
        await using var sink = new HeldSink();
        await TestPartitions.RunAsync(new InMemorySource(chunks), [sink], new TopologyOptions(), TimeProvider.System, CancellationToken.None);
        Assert.Empty(sink.DeadLetters);
        var lines = new ArrayBufferWriter<byte>();
        foreach (var point in sink.Points)
            LineProtocol.Append(point, lines);
        return new SortedSet<string>(Encoding.UTF8.GetString(lines.WrittenSpan).Split('\n', StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);
    }
}
