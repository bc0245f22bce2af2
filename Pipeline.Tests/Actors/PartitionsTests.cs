using System.ComponentModel.DataAnnotations;
using System.Diagnostics.Metrics;
using Pipeline.Actors;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Actors;

public class PartitionsTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task A_sink_that_does_not_acknowledge_fills_the_mailbox_and_nothing_more()
    {
        var release = new TaskCompletionSource();
        var sink = new RecordingSink { Gate = release.Task };
        await using var shards = Start(sink, new TopologyOptions { MailboxCapacity = 16, MaxBatchesInFlight = 2, MaxBatchPoints = 1 });
        var posted = 0;
        for (var quiet = 0; quiet < 1_000;)
        {
            if (shards.TryPost(0, new ShardRecord(posted, Chunks.Of(80 * posted, 80))))
                (posted, quiet) = (posted + 1, 0);
            else if (sink.Batches.Count == 2)
            {
                quiet++;
                await Task.Yield();
            }
            else
                await sink.Arrived.WaitAsync();
        }

        Assert.Equal(2, sink.Batches.Count);
        Assert.InRange(posted, 16, 16 + (2 * 64) + 3);    // mailbox + records between the stages + batches
        Assert.Null(shards.CommittableOffset(0));
        var space = shards.WaitForSpaceAsync(0, default).AsTask();
        Assert.False(space.IsCompleted);

        release.SetResult();
        await space;
        Assert.Equal(posted, await shards.RevokeAsync(0, default));
    }

    [Fact]
    public async Task A_revoked_shard_finishes_what_it_has_and_can_be_assigned_again()
    {
        var sink = new RecordingSink();
        await using var shards = Start(sink);
        for (var i = 0; i < 20; i++)
            shards.TryPost(0, new ShardRecord(100 + i, Chunks.Of(10 * i, 10)));

        Assert.Equal(120, await shards.RevokeAsync(0, default));
        Assert.Throws<InvalidOperationException>(() => shards.TryPost(0, new ShardRecord(120, Chunks.Of(200, 10))));
        shards.Assign(0, "t");
        Assert.Null(shards.CommittableOffset(0));
        shards.TryPost(0, new ShardRecord(120, Chunks.Of(200, 80)));
        Assert.Equal(121, await shards.RevokeAsync(0, default));

        Assert.Equal(210 + 70, shards.Total()[Count.SamplesTaken]);
        Assert.Equal(2, shards.Total()[Count.PatientsCreated]);
        Assert.Equal(0, shards.Total()[Count.PatientsInTwoShards]);
    }

    [Fact]
    public async Task A_lost_shard_is_given_up_without_waiting_for_acknowledgements()
    {
        var sink = new RecordingSink { Gate = new TaskCompletionSource().Task };
        await using var shards = Start(sink);
        shards.TryPost(0, new ShardRecord(5, Chunks.Of(0, 100)));
        await sink.Arrived.WaitAsync();

        Assert.Null(await shards.RevokeAsync(0, new CancellationToken(canceled: true)));
        Assert.False(shards.Failure.IsCompleted);
    }

    [Fact]
    public async Task A_sink_that_breaks_its_promise_ends_the_run_with_its_error()
    {
        await using var source = new InMemorySource(Enumerable.Range(0, 10_000).Select(i => Chunks.Of(80 * i, 80)));

        var failure = await Assert.ThrowsAsync<NotSupportedException>(
            () => TestPartitions.RunAsync(source, [new BrokenSink()], new TopologyOptions { MailboxCapacity = 16 }, _time, default, SumStage.Factory));

        Assert.Equal("no", failure.Message);
    }

    [Fact]
    public async Task An_idle_patient_leaves_the_memory_by_event_time_and_records_and_comes_back_on_its_next_chunk()
    {
        var options = new TopologyOptions { IdleAfter = TimeSpan.FromMinutes(1), IdleRounds = 10 };
        var chunks = Enumerable.Range(0, 700).Select(i => Chunks.Of(10 * i, 10, "P1")).Prepend(Chunks.Of(0, 10, "P0")).Append(Chunks.Of(7000, 80, "P0"));
        var sink = new RecordingSink();
        await using var shards = Start(sink, options);
        var patience = new Patience(shards);
        var offset = 0;
        foreach (var chunk in chunks)
        {
            var isBack = chunk.FirstSampleIndex == 7000;
            while (isBack && shards.Total()[Count.PatientsPassivated] == 0)
                await patience.WaitAsync();
            for (var record = new ShardRecord(offset++, chunk); !shards.TryPost(0, record);)
                await shards.WaitForSpaceAsync(0, default);
        }
        await shards.RevokeAsync(0, default);
        var counts = shards.Total();

        Assert.Equal((1, 3), (counts[Count.PatientsPassivated], counts[Count.PatientsCreated]));
        // Window 0 holds what came before; 347 is the first that can hold sample 7000.
        Assert.Equal([0, 347, 348, 349, 350], sink.Points.Where(p => p.Patient.Value == "P0").Select(p => p.WindowId));
    }

    [Fact]
    public async Task A_patient_stays_in_memory_though_another_one_sends_much_in_the_same_event_time()
    {
        var options = new TopologyOptions { IdleAfter = TimeSpan.FromMinutes(1), IdleRounds = 10 };
        var chunks = Enumerable.Range(0, 1000).Select(i => Chunks.Of(i, 1, "P1", rateHz: 100)).Prepend(Chunks.Of(0, 10, "P0"));
        await using var source = new InMemorySource(chunks);

        var counts = await TestPartitions.RunAsync(source, [], options, _time, default, SumStage.Factory);

        Assert.Equal(0, counts[Count.PatientsPassivated]);
    }

    [Fact]
    public async Task A_patient_in_two_partitions_is_a_counted_error()
    {
        var sink = new RecordingSink();
        await using var shards = Start(sink);
        shards.Assign(1, "t");
        shards.TryPost(0, new ShardRecord(0, Chunks.Of(0, 80)));
        await sink.Arrived.WaitAsync();
        shards.TryPost(1, new ShardRecord(0, Chunks.Of(80, 80)));
        await shards.RevokeAsync(1, CancellationToken.None);

        Assert.Equal(1, shards.Total()[Count.PatientsInTwoShards]);
    }

    [Fact]
    public async Task A_patient_or_a_device_too_many_is_refused_with_the_setting_to_change()
    {
        var options = new TopologyOptions { MaxPatientsPerShard = 1, MaxDevicesPerPatient = 1 };
        var sink = new RecordingSink();
        await using var source = new InMemorySource([Chunks.Of(0, 10), Chunks.Of(0, 10, "P2"), Chunks.Of(0, 10, device: "d2"), Chunks.Of(10_000, 10, device: "d3")]);

        var counts = await TestPartitions.RunAsync(source, [sink], options, _time, default, SumStage.Factory);

        Assert.Equal(2, counts[Count.ChunksRefused]);
        Assert.Contains(nameof(TopologyOptions.MaxPatientsPerShard), sink.DeadLetters.First().Reason, StringComparison.Ordinal);
        Assert.Contains(nameof(TopologyOptions.MaxDevicesPerPatient), sink.DeadLetters.Last().Reason, StringComparison.Ordinal);
        Assert.Equal(2, counts[Count.StreamsBegun]);    // d3 came so much later that d1 was idle
    }

    [Fact]
    public async Task A_device_whose_samples_do_not_fit_into_a_snapshot_is_refused_and_its_neighbours_go_on()
    {
        var sink = new RecordingSink();
        var stereo = new ChannelLayout(new Channel("a", SignalKind.HeartSound, "1"), new Channel("b", SignalKind.HeartSound, "1"));
        var monitor = new ChannelLayout([.. Enumerable.Range(0, 64).Select(i => new Channel($"c{i}", SignalKind.Unknown, "1"))]);
        await using var source = new InMemorySource(
        [
            Chunks.Of(0, 44_100, "P1", rateHz: 44_100, channels: stereo), Chunks.Of(0, 44_100, "P2", rateHz: 44_100, channels: Chunks.OneChannel),
            Chunks.Of(0, 1_000, "P3", rateHz: 1_000, channels: monitor), Chunks.Of(0, 10_000, "P2", "d2", rateHz: 10_000), Chunks.Of(0, 10, "P3", "d2"),
        ]);

        var counts = await TestPartitions.RunAsync(source, [sink], new TopologyOptions(), _time, default, SumStage.Factory);

        Assert.Equal(2, counts[Count.ChunksTaken]);
        Assert.Equal(
            [
                "2 channels at 44100 Hz need 1411200 bytes of samples a window; at most MaxPatientBytes = 800000",
                "64 channels at 1000 Hz need 1024000 bytes of samples a window; at most MaxPatientBytes = 800000",
                "1 channels at 10000 Hz need 160000 bytes of samples a window, and the patient's other devices 705600; at most MaxPatientBytes = 800000",
            ],
            sink.DeadLetters.Select(letter => letter.Reason[..letter.Reason.IndexOf(" are kept", StringComparison.Ordinal)]));
    }

    [Fact]
    public async Task A_partition_takes_no_further_device_when_its_devices_hold_as_many_bytes_as_are_allowed()
    {
        var sink = new RecordingSink();
        await using var source = new InMemorySource([.. Enumerable.Range(0, 3).Select(patient => Chunks.Of(0, 44_100, $"P{patient}", rateHz: 44_100))]);

        var counts = await TestPartitions.RunAsync(source, [sink], new TopologyOptions { MaxPartitionBytes = 1_500_000 }, _time, default, SumStage.Factory);

        Assert.Equal(2, counts[Count.ChunksTaken]);
        Assert.StartsWith("the devices of the partition hold 1411200 bytes of samples; 705600 more are over MaxPartitionBytes", Assert.Single(sink.DeadLetters).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_of_large_records_that_are_refused_waits_in_a_bounded_number_of_bytes()
    {
        const int Size = 256 << 10;
        var gate = new TaskCompletionSource();
        await using var shards = Start(new RecordingSink { Gate = gate.Task }, new TopologyOptions { MaxMailboxBytes = 1 << 20 });
        var letter = new DeadLetter("decode", "no value", new Origin("samples", 0, 0), default, new byte[Size]);
        using var stands = new CancellationTokenSource();
        var posted = 0;

        while (posted < 1_000)
            if (shards.TryPost(0, new ShardRecord(posted, null, letter, Payload: letter.Payload)))
                posted++;
            else
            {
                stands.CancelAfter(TimeSpan.FromSeconds(1));
                try
                {
                    await shards.WaitForSpaceAsync(0, stands.Token);
                }
                catch (OperationCanceledException)
                {
                    break;
                }
            }
        var held = (long)posted * Size;
        gate.SetResult();

        Assert.InRange(held, 1 << 20, 6 << 20);
        Assert.NotNull(await shards.RevokeAsync(0, CancellationToken.None));
    }

    [Fact]
    public async Task Instruments_tell_what_was_counted()
    {
        var seen = new Dictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "Pipeline")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) =>
        {
            foreach (var tag in tags)
                if (tag is { Key: "shard", Value: 4242 })
                    seen[instrument.Name] = value;
        });
        listener.Start();
        await using var shards = TestPartitions.Of(new TopologyOptions(), [new RecordingSink { Gate = new TaskCompletionSource().Task }], _time, SumStage.Factory);
        shards.Assign(4242, "t");
        shards.TryPost(4242, new ShardRecord(0, Chunks.Of(0, 80)));
        while (shards.Total()[Count.Batches] == 0)
            await Task.Yield();

        listener.RecordObservableInstruments();

        Assert.Equal((0, 1), (seen["pipeline.mailbox.depth"], seen["pipeline.patients"]));
        Assert.InRange(seen["pipeline.batches.in_flight"], 1, 2);
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name()
    {
        Assert.Contains(nameof(TopologyOptions.MailboxCapacity), Refusal(new TopologyOptions { MailboxCapacity = 1 }), StringComparison.Ordinal);
        Assert.Contains(nameof(TopologyOptions.WindowHop), Refusal(new TopologyOptions { WindowHop = TimeSpan.FromSeconds(9) }), StringComparison.Ordinal);
        Assert.Contains(nameof(TopologyOptions.MaxMailboxBytes), Refusal(new TopologyOptions { MaxMailboxBytes = 2 }), StringComparison.Ordinal);
        new TopologyOptions().Validate();

        static string Refusal(TopologyOptions options) => Assert.Throws<ValidationException>(options.Validate).Message;
    }

    private Partitions Start(RecordingSink sink, TopologyOptions? options = null)
    {
        var shards = TestPartitions.Of(options ?? new TopologyOptions(), [sink], _time, SumStage.Factory);
        shards.Assign(0, "t");
        return shards;
    }

    private sealed class BrokenSink : IPatientSink
    {
        public Task WriteAsync(OutputBatch batch, CancellationToken stop) => throw new NotSupportedException("no");

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
