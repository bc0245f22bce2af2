using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Actors;

// Each patient sends a second a chunk, 10 samples; windows of 8 s every 2 s: window 1 = samples [20, 100) completes with chunk 9.
public sealed class SupervisionTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly RecordingSink _sink = new();
    private Partitions? _shards;
    private long _offset;

    [Fact]
    public async Task A_patient_that_throws_goes_back_to_before_the_chunk_and_its_neighbours_are_not_touched()
    {
        var failures = 2;
        var shards = Start(start => start == 20 && failures-- > 0);
        Post(shards, 0, 12, "P0", "P1");

        Assert.Equal(24, await shards.RevokeAsync(0, default));

        Assert.Equal([0, 1, 2], WindowsOf("P0"));
        Assert.Equal(SumsOf("P0"), SumsOf("P1"));
        Assert.Equal((2, 0), (shards.Total()[Count.PatientsRestarted], shards.Total()[Count.StreamsBegunAnew]));
        Assert.Empty(_sink.DeadLetters);
    }

    [Fact]
    public async Task A_chunk_that_is_given_up_is_missing_from_a_state_that_goes_on()
    {
        var shards = Start((_, sum, _) => sum > 1000);
        for (var i = 0; i < 14; i++)
            Assert.True(shards.TryPost(0, new ShardRecord(i, Chunks.Of([.. Enumerable.Repeat((short)(i == 9 ? 200 : 1), 10)], 10 * i, 10, "P1"))));

        await shards.RevokeAsync(0, default);

        Assert.Equal(9, Assert.Single(_sink.DeadLetters).Origin.Offset);
        Assert.Equal([(0, 80, 80), (1, 70, 90), (2, 70, 110), (3, 70, 130)], SumsOf("P1"));
        Assert.Equal((3, 0), (shards.Total()[Count.PatientsRestarted], shards.Total()[Count.StreamsBegunAnew]));
    }

    [Fact]
    public async Task A_state_that_fails_with_every_chunk_is_given_up_and_no_chunk_is()
    {
        var shards = Start((_, _, since) => since > 100);
        for (var i = 0; i < 20; i++)
            Assert.True(shards.TryPost(0, new ShardRecord(i, Chunks.Of([.. Enumerable.Repeat((short)1, 10)], 10 * i, 10, "P1"))));

        await shards.RevokeAsync(0, default);

        Assert.Empty(_sink.DeadLetters);
        // Window 2 fails with what windows 0 and 1 had left; without it, it begins with chunk 11.
        Assert.Equal([(0, 80, 80), (1, 80, 100), (2, 10, 10), (3, 30, 30), (4, 50, 50), (5, 70, 70), (6, 80, 90)], SumsOf("P1"));
        Assert.Equal((3, 1), (shards.Total()[Count.PatientsRestarted], shards.Total()[Count.StreamsBegunAnew]));
    }

    [Fact]
    public async Task A_chunk_that_fails_three_times_goes_to_the_dead_letters_and_the_next_ones_are_handled()
    {
        var shards = Start(start => start == 20);
        Post(shards, 0, 12, "P1");

        var committed = await shards.RevokeAsync(0, default);

        var letter = Assert.Single(_sink.DeadLetters);
        Assert.Equal(("patient", 9L, "P1"), (letter.Stage, letter.Origin.Offset, System.Text.Encoding.UTF8.GetString(letter.Key.Span)));
        Assert.Equal("failed 3 times, last with InvalidOperationException: window 1 is not to be had", letter.Reason);
        Assert.Equal([0, 2], WindowsOf("P1"));
        Assert.Equal(12, committed);
        var counts = shards.Total();
        // Chunk 10 would complete window 1, too: after three attempts it begins anew, and the window is not its.
        Assert.Equal((6, 1, 1, 0), (counts[Count.PatientsRestarted], counts[Count.StreamsBegunAnew], counts[Count.ChunksFailed], counts.SamplesUnaccounted()));
    }

    [Fact]
    public async Task A_patient_that_always_throws_delays_nobody()
    {
        var shards = Start(_ => true);
        Post(shards, 0, 8, "P0", "P1");
        var posting = Task.Run(async () =>
        {
            for (var i = 8; i < 400; i++)
                foreach (var patient in new[] { "P0", "P1" })
                    while (!shards.TryPost(0, new ShardRecord(_offset, Chunks.Of(10 * i, 10, patient))) || _offset++ < 0)
                        await shards.WaitForSpaceAsync(0, default);
        });

        await posting;
        await shards.RevokeAsync(0, default);

        Assert.Equal(Enumerable.Range(0, 197).Select(i => (long)i), WindowsOf("P0"));
        Assert.Empty(WindowsOf("P1"));
        Assert.True(shards.Total()[Count.ChunksFailed] > 100);
        Assert.Equal(0, shards.Total().SamplesUnaccounted());
    }

    [Fact]
    public async Task What_a_failing_chunk_had_put_into_the_batch_is_taken_back()
    {
        var shards = Start(start => start == 40);
        shards.TryPost(0, new ShardRecord(0, Chunks.Of(0, 140, "P1")));     // windows 0 and 1 come out of the same chunk first

        await shards.RevokeAsync(0, default);

        Assert.Empty(WindowsOf("P1"));
        Assert.Single(_sink.DeadLetters);
        Assert.Equal(0, shards.Total()[Count.Windows]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_shards is not null)
            await _shards.DisposeAsync();
    }

    /// <summary>P1's stage throws on windows whose start <paramref name="throwsAt"/> says; all others are well.</summary>
    private Partitions Start(Func<long, bool> throwsAt, TopologyOptions? options = null) => Start((start, _, _) => throwsAt(start), options);

    private Partitions Start(Func<long, double, double, bool> throws, TopologyOptions? options = null)
    {
        StageFactory stages = first => [first.Patient.Value == "P1" ? new SumStage(throws) : new SumStage()];
        _shards = TestPartitions.Of(options ?? new TopologyOptions(), [_sink], _time, stages);
        _shards.Assign(0, "t");
        return _shards;
    }

    private void Post(Partitions shards, int from, int to, params string[] patients)
    {
        for (var i = from; i < to; i++)
            foreach (var patient in patients)
                Assert.True(shards.TryPost(0, new ShardRecord(_offset++, Chunks.Of(10 * i, 10, patient))));
    }

    private IEnumerable<long> WindowsOf(string patient) => _sink.Points.Where(p => p.Patient.Value == patient).Select(p => p.WindowId).Order();

    /// <summary>Of each window of a patient: its id, its sum, and the sum of all since the stream began.</summary>
    private IEnumerable<(long Id, double Sum, double Since)> SumsOf(string patient) =>
        _sink.Points.Where(p => p.Patient.Value == patient).OrderBy(p => p.WindowId).Select(p => (p.WindowId, p.Estimate.Value, p.Estimate.Sigma));
}
