using System.Globalization;
using Pipeline.Actors;
using Pipeline.Host.Kafka;
using Pipeline.Host.State;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Xunit;

namespace Pipeline.Tests.State;

/// <summary>What every shard log promises, whatever it writes to; a log's own tests stand in the class that inherits these.</summary>
public abstract class ShardLogContract
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Opens a log on what this test's logs have written before.</summary>
    private protected abstract Task<IShardLog> OpenAsync();

    [SkippableFact]
    public async Task A_checkpoint_comes_back_with_position_time_and_networks_in_the_next_process()
    {
        await using (var log = await OpenAsync())
        {
            var lease = await AssignAsync(log, 2, "nothing:");
            await CommitAsync(log, Snapshots.Checkpoint(lease, 10, ["P1", "P2", "P3"]), CommitOutcome.Committed);
            var last = Snapshots.Checkpoint(lease, 25, ["P2", "P4"], "P3") with { Time = new Timestamp(77), Networks = new NetworkNames(("heart_rate", "rate@2"), ("qrs", "qrs@1")) };
            await CommitAsync(log, last, CommitOutcome.Committed);
        }

        await using var again = await OpenAsync();
        var restored = await again.AssignAsync(2, 0, null, CancellationToken.None).WaitAsync(Patience);

        Assert.Equal("25: P1@10 P2@25 P4@25", Text(again, restored));
        Assert.Equal((3, new Timestamp(77), new NetworkNames(("heart_rate", "rate@2"), ("qrs", "qrs@1"))), (restored.KeptCount, restored.Time!.Value, restored.Networks));
        Assert.Equal(26, restored.NextOffset(Snapshots.Topic));
        Assert.Null(restored.NextOffset(Guid.NewGuid()));
        Assert.Equal(SnapshotCodec.Encode(Snapshots.Of("P4", 2, 25)), SnapshotCodec.Encode(PassiveOf(again).Find(2, new PatientId("P4"))!));
        await AssignAsync(again, 1, "nothing:");
    }

    [SkippableFact]
    public async Task A_later_snapshot_wins_and_a_forgotten_patient_stays_forgotten_until_it_comes_again()
    {
        await using var log = await OpenAsync();
        var lease = await AssignAsync(log, 0, "nothing:");
        await CommitAsync(log, Snapshots.Checkpoint(lease, 1, ["P1", "P2"]), CommitOutcome.Committed);
        await CommitAsync(log, Snapshots.Checkpoint(lease, 2, ["P1"], "P2", "never seen"), CommitOutcome.Committed);
        await CommitAsync(log, Snapshots.Checkpoint(lease, 3, []), CommitOutcome.Committed);
        lease = await AssignAsync(log, 0, "3: P1@2");

        await CommitAsync(log, Snapshots.Checkpoint(lease, 4, ["P2"]), CommitOutcome.Committed);

        await AssignAsync(log, 0, "4: P1@2 P2@4");
    }

    [SkippableFact]
    public async Task Checkpoints_of_many_shards_at_once_are_each_committed()
    {
        await using var log = await OpenAsync();
        var leases = new List<ShardLease>();
        for (var shard = 0; shard < 4; shard++)
            leases.Add(await AssignAsync(log, shard, "nothing:"));

        await Task.WhenAll(leases.Select(lease => CommitAsync(log, Snapshots.Checkpoint(lease, 7 + lease.Shard, [$"P{lease.Shard}"]), CommitOutcome.Committed)));

        for (var shard = 0; shard < 4; shard++)
            await AssignAsync(log, shard, $"{7 + shard}: P{shard}@{7 + shard}");
    }

    [SkippableFact]
    public async Task A_shard_that_has_left_commits_nothing()
    {
        await using var log = await OpenAsync();
        var left = await AssignAsync(log, 0, "nothing:");
        log.Revoke(left);
        await CommitAsync(log, Snapshots.Checkpoint(left, 3, ["P1"]), CommitOutcome.Fenced);
        var back = await AssignAsync(log, 0, "nothing:");
        await CommitAsync(log, Snapshots.Checkpoint(left, 4, ["P1"]), CommitOutcome.Fenced);

        await CommitAsync(log, Snapshots.Checkpoint(back, 5, ["P2"]), CommitOutcome.Committed);

        await AssignAsync(log, 0, "5: P2@5");
    }

    [SkippableFact]
    public async Task A_shard_that_comes_back_while_its_state_is_being_read_is_read_once_more_and_right()
    {
        await using var log = await OpenAsync();
        var lease = await AssignAsync(log, 0, "nothing:");
        await CommitAsync(log, Snapshots.Checkpoint(lease, 5, ["P1", "P2"]), CommitOutcome.Committed);

        Task[] overtaken = [.. Enumerable.Range(0, 3).Select(_ => log.AssignAsync(0, 0, null, CancellationToken.None))];

        var stands = await AssignAsync(log, 0, "5: P1@5 P2@5");
        await Task.WhenAll(overtaken).WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.All(overtaken, reading => Assert.True(reading.IsCompleted));
        await CommitAsync(log, Snapshots.Checkpoint(stands, 6, ["P3"]), CommitOutcome.Committed);
        await AssignAsync(log, 0, "6: P1@5 P2@5 P3@6");
    }

    /// <summary>
    /// Takes a shard, whose state is as <see cref="Snapshots.Text"/> says it. The group's offset stands where the expected checkpoint put it, unless said: a
    /// commit that was answered may take some milliseconds until a reader is shown it, and only the offset tells the log to wait.
    /// </summary>
    private protected static Task<ShardLease> AssignAsync(IShardLog log, int shard, string expected, long? committed = null) =>
        RestoredAsync(log, log.AssignAsync(shard, committed ?? CommittedBy(expected), null, CancellationToken.None), expected);

    private static long CommittedBy(string expected) =>
        long.TryParse(expected.AsSpan(0, Math.Max(0, expected.IndexOf(':'))), CultureInfo.InvariantCulture, out var through) ? through + 1 : 0;

    /// <summary>The same, of a shard that is being taken.</summary>
    private protected static async Task<ShardLease> RestoredAsync(IShardLog log, Task<ShardRestore> restoring, string expected)
    {
        var restored = await restoring.WaitAsync(Patience);
        Assert.Equal(expected, Text(log, restored));
        return restored.Lease;
    }

    private protected static async Task CommitAsync(IShardLog log, ShardCheckpoint checkpoint, CommitOutcome expected) =>
        Assert.Equal(expected, await log.CommitAsync(checkpoint, CancellationToken.None).WaitAsync(Patience));

    /// <summary>What was restored, with the patients that lie among the passive ones.</summary>
    private protected static string Text(IShardLog log, ShardRestore restored)
    {
        var (shard, passive) = (restored.Lease.Shard, PassiveOf(log));
        var all = passive.FindUnseen(shard, new LastSeen(new Timestamp(long.MaxValue), long.MaxValue), restored.KeptCount + 1);
        return Snapshots.Text(restored with { Patients = [.. all.Select(patient => passive.Find(shard, patient)!)] });
    }

    private static IPassivePatients PassiveOf(IShardLog log) => log is FileShardLog file ? file.Passive : ((KafkaShardLog)log).Passive;
}
