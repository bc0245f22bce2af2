using Pipeline.Host.Kafka;

namespace Pipeline.Chaos.Experiments;

/// <summary>A worker is stopped in the middle of a checkpoint, loses its shards, goes on, and one of their new owners is killed.</summary>
internal static class FreezeWorker
{
    /// <summary>So long after its session, a frozen worker has lost its shards.</summary>
    private static readonly TimeSpan PastTheSession = TimeSpan.FromSeconds(2);

    /// <summary>So long after the time-out of a checkpoint's transaction the broker has ended it.</summary>
    private static readonly TimeSpan PastTheTransaction = TimeSpan.FromSeconds(4);

    /// <summary>More than the interval of the checkpoints in this experiment, less than the session.</summary>
    private static readonly TimeSpan ForACheckpoint = TimeSpan.FromSeconds(1.5);

    public static Experiment Experiment { get; } = new(
        "freeze-worker", "stop a worker in the middle of a checkpoint and past its session, let it go on, then kill a new owner", RunAsync)
    {
        Rounds = 4,
        Settings = ["Kafka:CheckpointInterval=00:00:01"],
        GapLimit = plan => plan.SessionSeconds + 4,
    };

    private static async Task RunAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(stop);
            var frozen = scene.AnyWorker();
            await FreezeInCheckpointAsync(scene, frozen, stop);
            // Its shards have other owners; its transaction may be open still, or ended by the broker.
            var gone = scene.Session + PastTheSession;
            var ended = KafkaShardLog.TransactionTimeout + PastTheTransaction;
            await Task.Delay(round % 2 == 1 || gone > ended ? gone : ended, scene.Time, stop);
            frozen.Thaw();
            await scene.WaitSomeAsync(stop);
            var owner = scene.AnyWorker(except: frozen);
            await owner.KillAsync();
            await scene.WaitUntilFlowingAsync(stop);
            await scene.NoteRoundAsync(round, $"{frozen.Name} frozen and thawed, {owner.Name} killed");
            await scene.StartAgainAsync(owner, stop);
            scene.Gaps.Take();
        }
    }

    /// <summary>While the broker stands still every worker comes to a checkpoint, whose snapshots are sent and not acknowledged.</summary>
    private static async Task FreezeInCheckpointAsync(ChaosScene scene, Servers.WorkerProcess worker, CancellationToken stop)
    {
        await scene.Kafka.PauseAsync(1);
        await Task.Delay(ForACheckpoint, scene.Time, stop);
        worker.Freeze();
        await scene.Kafka.ResumeAsync(1);
    }
}
