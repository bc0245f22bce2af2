using Microsoft.Extensions.Logging;
using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Kafka;
using Pipeline.Host.Service;
using Pipeline.Models;
using Pipeline.Tests.Kafka;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>Processes of one consumer group on a real broker: who has which partition, before and after others come and go.</summary>
[Collection(nameof(KafkaServer))]
[Trait("Category", "Integration")]
public sealed class KafkaGroupTests(KafkaServer server)
{
    [SkippableFact]
    public async Task A_named_process_that_is_back_within_the_session_finds_its_partitions_as_they_were()
    {
        var first = await server.PrepareAsync();
        first.GroupInstanceId = "ward-a";
        first.ConsumerProperties["session.timeout.ms"] = "60000";   // longer than the slowest machine takes; the new protocol's is the broker's
        var second = first.Copy();
        second.GroupInstanceId = "ward-b";
        await KafkaFlow.PublishAsync(first, patients: 8, from: 0, to: 10);
        await using var stays = KafkaFlow.Start(second);
        await stays.UntilOwnedAsync(4);
        int[] owned;
        await using (var leaves = KafkaFlow.Start(first))
        {
            await leaves.UntilOwnedAsync(2);
            owned = [.. leaves.Source.Lags.Select(lag => lag.Partition)];
            await KafkaFlow.UntilCommittedAsync(first, 8 * 10);
        }

        await KafkaFlow.PublishAsync(first, patients: 8, from: 10, to: 20);
        await using var back = KafkaFlow.Start(first);
        await KafkaFlow.UntilCommittedAsync(first, 8 * 20);

        await back.UntilOwnedAsync(2);      // as it tells, once a second
        Assert.Equal(owned, back.Source.Lags.Select(lag => lag.Partition));
        Assert.Equal(2, stays.Source.Lags.Count);
        Assert.DoesNotContain(stays.Sink.Points, point => owned.Contains(point.Origin.Partition) && point.WindowStart >= Chunks.Start.AddSeconds(4));
        Assert.Contains(back.Sink.Points, point => owned.Contains(point.Origin.Partition) && point.WindowStart == Chunks.Start.AddSeconds(4));
    }

    [SkippableFact]
    public async Task A_process_without_a_name_hands_its_partitions_over_when_it_ends_not_when_its_session_does()
    {
        var options = await server.PrepareAsync();
        options.ConsumerProperties["session.timeout.ms"] = "300000";    // longer than anyone here waits
        await KafkaFlow.PublishAsync(options, patients: 8, from: 0, to: 10);
        await using var stays = KafkaFlow.Start(options);
        await stays.UntilOwnedAsync(4);
        await using (var leaves = KafkaFlow.Start(options))
        {
            await leaves.UntilOwnedAsync(2);
            await stays.UntilOwnedAsync(2);
        }

        await stays.UntilOwnedAsync(4);
        await KafkaFlow.PublishAsync(options, patients: 8, from: 10, to: 20);
        await KafkaFlow.UntilCommittedAsync(options, 8 * 20);
    }

    [SkippableFact]
    public async Task A_partition_that_left_while_it_was_paused_is_read_when_it_comes_back()
    {
        var options = await server.PrepareAsync();
        options.DrainTimeout = TimeSpan.FromSeconds(1);
        var gate = new TaskCompletionSource();
        await KafkaFlow.PublishAsync(options, patients: 8, from: 0, to: 200);
        await using var first = KafkaFlow.Start(
            options, new RecordingSink { Gate = gate.Task }, new TopologyOptions { MailboxCapacity = 16, MaxBatchPoints = 10, MaxBatchesInFlight = 1 });
        await first.UntilPausedAsync();
        await using (var second = KafkaFlow.Start(options))
        {
            await second.UntilOwnedAsync(2);
            await first.UntilOwnedAsync(2);
        }

        await first.UntilOwnedAsync(4);
        gate.SetResult();
        await KafkaFlow.PublishAsync(options, patients: 8, from: 200, to: 210);
        await KafkaFlow.UntilCommittedAsync(options, 8 * 210);
    }

    [SkippableTheory]
    [InlineData(GroupProtocolKind.Classic)]
    [InlineData(GroupProtocolKind.Consumer)]
    public async Task Two_consumers_share_the_partitions_and_hand_them_over_without_loss(GroupProtocolKind protocol)
    {
        var options = await server.PrepareAsync();
        options.GroupProtocol = protocol;
        await using var first = KafkaFlow.Start(options);
        await KafkaFlow.PublishAsync(options, patients: 8, from: 0, to: 10);
        await first.UntilAsync(sink => sink.Points.Count() == 8 * KafkaFlow.WindowsAfter(10));

        await using var second = KafkaFlow.Start(options);
        await second.UntilOwnedAsync(2);
        await KafkaFlow.PublishAsync(options, patients: 8, from: 10, to: 20);
        await KafkaFlow.UntilCommittedAsync(options, 8 * 20);
        var fromFirst = await first.StopAsync();
        await KafkaFlow.PublishAsync(options, patients: 8, from: 20, to: 30);
        await KafkaFlow.UntilCommittedAsync(options, 8 * 30);
        var fromSecond = await second.StopAsync();

        Assert.True(fromSecond[Count.Records] > 8 * 10, "The second has read its half, and then all.");
        Assert.Equal(8 * 30, fromFirst[Count.Records] + fromSecond[Count.Records]);
        Assert.Equal(0, fromFirst[Count.ChunksDuplicate] + fromSecond[Count.ChunksDuplicate]);
    }

    [SkippableFact]
    public async Task A_bed_that_sends_nothing_is_said_to_be_silent_by_its_owner_and_by_the_next_one_and_no_other_bed_is()
    {
        var options = await server.PrepareAsync();
        var topology = new TopologyOptions { SilentAfter = TimeSpan.FromSeconds(2) };
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await KafkaFlow.PublishAsync(options, patients: 3, from: 0, to: 10);
        var publishing = PublishAsync();

        await WatchAsync(inherited: false);
        var others = await WatchAsync(inherited: true);

        await end.CancelAsync();
        await publishing;
        Assert.Equal([EstimateStatus.Ok, EstimateStatus.Ok, EstimateStatus.Silent], others.Patients(null, 10).Select(points => Assert.Single(points).Estimate.Status));

        // P0 and P1 go on, P2 does not.
        async Task PublishAsync()
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
            for (var second = 10; !end.IsCancellationRequested; second++)
            {
                await KafkaFlow.PublishAsync(options, patients: 2, from: second, to: second + 1);
                await timer.WaitForNextTickAsync(CancellationToken.None);
            }
        }

        async Task<LatestValues> WatchAsync(bool inherited)
        {
            await using var latest = new LatestValues();
            await using var store = new RecordingSink();
            var log = new ListLogger<SilenceWatch>();
            await using var flow = KafkaFlow.Start(options, null, topology);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
            var watch = new SilenceWatch(flow.Source, latest, store, topology.SilentAfter, log, TimeProvider.System).RunAsync(flow.Partitions, stop.Token);
            while (!store.Points.Any(one => one.Estimate.Status == EstimateStatus.Silent))
                await store.Arrived.WaitAsync(end.Token);
            await stop.CancelAsync();
            await watch;

            var point = Assert.Single(store.Points, one => one.Estimate.Status == EstimateStatus.Silent);
            Assert.Equal(("P2", "b1", Metric.Presence, EstimateStatus.Silent), (point.Patient.Value, point.Bed, point.Estimate.Metric, point.Estimate.Status));
            // Of its last chunk the owner knows the end, the next one the beginning.
            Assert.Equal(Chunks.Start.AddSeconds(inherited ? 9 : 10), point.WindowStart);
            Assert.Contains(inherited ? "b1 (ward w1) was silent when this process took its partition" : "Bed b1 (ward w1) is silent: nothing came of patient P2, device d1, after 2026-07-01 08:00:10Z",
                Assert.Single(log.At(inherited ? LogLevel.Information : LogLevel.Warning)), StringComparison.Ordinal);
            return latest;
        }
    }
}
