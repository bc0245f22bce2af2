using Pipeline.Chaos.Servers;

namespace Pipeline.Chaos.Experiments;

/// <summary>SIGKILL to one of three workers, at random moments; each third time to the one that places all patients.</summary>
internal static class KillWorker
{
    public static Experiment Experiment { get; } = new("kill-worker", "kill -9 one of three workers, at random moments", RunAsync)
    {
        GapLimit = plan => plan.SessionSeconds + (plan.Standby ? 1 : 2),
    };

    private static async Task RunAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(stop);
            var isCoordinator = scene.CoordinatorEvery > 0 && round % scene.CoordinatorEvery == 0;
            var victim = isCoordinator ? await CoordinatorAsync(scene, stop) : scene.AnyWorker();
            await victim.KillAsync();
            await scene.WaitUntilFlowingAsync(stop);
            await scene.NoteRoundAsync(round, $"{victim.Name}{(isCoordinator ? ", the coordinator's process," : "")} killed");
            await scene.StartAgainAsync(victim, stop);
            scene.Gaps.Take();   // that of the worker that joins belongs to rolling-restart and scale-out
        }
    }

    private static async Task<WorkerProcess> CoordinatorAsync(ChaosScene scene, CancellationToken stop)
    {
        WorkerProcess? found = null;
        await scene.PollAsync(async () =>
        {
            foreach (var worker in scene.Workers.Where(worker => worker.IsRunning))
                if (await worker.StatusAsync(stop) is { Process: { } process, Coordinator: { } coordinator } && process == coordinator)
                    found = worker;
            return found is not null;
        }, () => "no worker says that it is the coordinator's process", stop);
        return found!;
    }
}
