using System.Diagnostics;

namespace Pipeline.Host.Chaos;

/// <summary>What the experiments do; each ends with every patient flowing again.</summary>
internal static class Experiments
{
    /// <summary>Longest wait before the next harm: its moment falls anywhere between two checkpoints.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(6);

    /// <summary>Past the session of the classic protocol (6 s), so that a frozen worker has lost its shards.</summary>
    private static readonly TimeSpan PastTheSession = TimeSpan.FromSeconds(12);

    private static readonly TimeSpan StoreDown = TimeSpan.FromSeconds(60);

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
            scene.Gaps.TakeGaps();   // that of the worker that joins belongs to rolling-restart and scale-out
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
            await Task.Delay(PastTheSession, scene.Time, stop);   // its replicas catch up
            await scene.WaitUntilFlowingAsync(stop);
            scene.Gaps.TakeGaps();
        }
    }

    public static async Task FreezeWorkerAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(Calm, stop);
            var frozen = scene.AnyWorker();
            frozen.Freeze();
            await Task.Delay(PastTheSession, scene.Time, stop);
            frozen.Thaw();
            await scene.WaitSomeAsync(Calm, stop);
            var owner = scene.Workers.First(worker => worker != frozen && worker.IsRunning);
            await owner.KillAsync();
            await scene.WaitUntilFlowingAsync(stop);
            await scene.NoteRoundAsync(round, $"{frozen.Name} frozen and thawed, {owner.Name} killed");
            await StartAgainAsync(scene, owner, stop);
            scene.Gaps.TakeGaps();
        }
    }

    public static async Task StoreOutageAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(Calm, stop);
            var before = scene.Workers.Sum(worker => worker.ResidentBytes);
            await scene.Influx.KillAsync();
            await Task.Delay(StoreDown, scene.Time, stop);
            var after = scene.Workers.Sum(worker => worker.ResidentBytes);
            await scene.Influx.RestartAsync();
            var began = Stopwatch.GetTimestamp();
            await scene.WaitUntilFlowingAsync(stop);
            scene.Note(new ChaosFigure("store back until all flow", Stopwatch.GetElapsedTime(began).TotalSeconds, "s"));
            scene.Note(new ChaosFigure("memory of all workers before", before / 1048576.0, "MiB"));
            scene.Note(new ChaosFigure("memory of all workers at the outage's end", after / 1048576.0, "MiB"));
            await scene.SayAsync($"{round}/{scene.Rounds} InfluxDB was away for {StoreDown.TotalSeconds:0} s");
        }
    }

    public static async Task ScaleAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(Calm, stop);
            foreach (var worker in scene.Workers.Skip(1))
                await worker.TerminateAsync(stop);
            await scene.WaitUntilFlowingAsync(stop);
            await scene.NoteRoundAsync(round, "three to one");
            foreach (var worker in scene.Workers.Skip(1))
                await StartAgainAsync(scene, worker, stop);
            await scene.NoteRoundAsync(round, "one to three");
            await scene.Workers[^1].TerminateAsync(stop);
            await scene.WaitUntilFlowingAsync(stop);
            await scene.NoteRoundAsync(round, "three to two");
            await StartAgainAsync(scene, scene.Workers[^1], stop);
            scene.Gaps.TakeGaps();
        }
    }

    private static async Task StartAgainAsync(ChaosScene scene, WorkerProcess worker, CancellationToken stop)
    {
        worker.Start();
        await worker.WaitUntilLiveAsync(stop);
        await scene.WaitUntilReadyAsync(worker, stop);
        await scene.WaitUntilFlowingAsync(stop);
    }
}
