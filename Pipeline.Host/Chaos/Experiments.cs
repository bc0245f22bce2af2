using Pipeline.Host.Kafka;

namespace Pipeline.Host.Chaos;

/// <summary>What the experiments do; each ends with every patient flowing again.</summary>
internal static class Experiments
{
    /// <summary>Longest wait before the next harm: its moment falls anywhere between two checkpoints.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(6);

    /// <summary>In which code is compiled.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>So long after its session, a frozen worker has lost its shards.</summary>
    private static readonly TimeSpan PastTheSession = TimeSpan.FromSeconds(2);

    /// <summary>So long after the time-out of a checkpoint's transaction the broker has ended it.</summary>
    private static readonly TimeSpan PastTheTransaction = TimeSpan.FromSeconds(4);

    /// <summary>More than the interval of the checkpoints in that experiment, less than the session.</summary>
    private static readonly TimeSpan ForACheckpoint = TimeSpan.FromSeconds(1.5);

    /// <summary>In which a broker that came back has caught up with the others.</summary>
    private static readonly TimeSpan ReplicasCatchUp = TimeSpan.FromSeconds(12);

    public static async Task SteadyAsync(ChaosScene scene, CancellationToken stop)
    {
        await Task.Delay(WarmUp, scene.Time, stop);
        for (var round = 1; round <= scene.Rounds; round++)
        {
            var (cpu, from) = (scene.Cpu(), scene.Ward.Reached);
            await Task.Delay(Minute, scene.Time, stop);
            scene.NoteCpu(cpu, "in real time", scene.Ward.Patients.Count() * scene.Ward.Reached.SecondsSince(from));
            scene.Note(new ChaosFigure("workers' memory", scene.Workers.Sum(worker => worker.ResidentBytes) / 1048576.0, "MiB"));
            await scene.SayAsync($"{round}/{scene.Rounds} a minute of a ward that is left alone");
        }
        scene.NoteDisks();
    }

    public static async Task KillWorkerAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(Calm, stop);
            var victim = scene.AnyWorker();
            await victim.KillAsync();
            await scene.WaitUntilFlowingAsync(stop);
            await scene.NoteRoundAsync(round, $"{victim.Name} killed");
            await StartAgainAsync(scene, victim, stop);
            scene.Gaps.Take();   // that of the worker that joins belongs to rolling-restart and scale-out
        }
    }

    public static async Task RollingRestartAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(Calm, stop);
            var worker = scene.Workers[(round - 1) % scene.Workers.Count];
            var code = await worker.TerminateAsync(stop);
            await StartAgainAsync(scene, worker, stop);
            await scene.NoteRoundAsync(round, $"{worker.Name} ended with {code} and started again");
        }
    }

    public static async Task KillBrokerAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(Calm, stop);
            var broker = scene.Random.Next(scene.Kafka.Brokers) + 1;
            await scene.Kafka.KillAsync(broker);
            await scene.WaitUntilFlowingAsync(stop);
            await scene.NoteRoundAsync(round, $"broker {broker} killed");
            await scene.Kafka.RestartAsync(broker);
            await Task.Delay(ReplicasCatchUp, scene.Time, stop);
            await scene.WaitUntilFlowingAsync(stop);
            scene.Gaps.Take();
        }
    }

    public static async Task FreezeWorkerAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(Calm, stop);
            var frozen = scene.AnyWorker();
            // While the broker stands every worker comes to a checkpoint, whose snapshots are sent and not acknowledged.
            await scene.Kafka.PauseAsync(1);
            await Task.Delay(ForACheckpoint, scene.Time, stop);
            frozen.Freeze();
            await scene.Kafka.ResumeAsync(1);
            // Its shards have other owners; its transaction may be open still, or ended by the broker.
            var gone = scene.Session + PastTheSession;
            var ended = KafkaShardLog.TransactionTimeout + PastTheTransaction;
            await Task.Delay(round % 2 == 1 || gone > ended ? gone : ended, scene.Time, stop);
            frozen.Thaw();
            await scene.WaitSomeAsync(Calm, stop);
            var owner = scene.Workers.Where(worker => worker != frozen && worker.IsRunning).ElementAt(scene.Random.Next(scene.Workers.Count - 1));
            await owner.KillAsync();
            await scene.WaitUntilFlowingAsync(stop);
            await scene.NoteRoundAsync(round, $"{frozen.Name} frozen and thawed, {owner.Name} killed");
            await StartAgainAsync(scene, owner, stop);
            scene.Gaps.Take();
        }
    }

    /// <summary>Starts a worker that does not run, and waits until it does its part of the work.</summary>
    public static async Task StartAgainAsync(ChaosScene scene, WorkerProcess worker, CancellationToken stop)
    {
        worker.Start();
        await worker.WaitUntilLiveAsync(stop);
        await scene.WaitUntilReadyAsync(worker, stop);
        await scene.WaitUntilFlowingAsync(stop);
    }
}
