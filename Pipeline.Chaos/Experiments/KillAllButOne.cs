namespace Pipeline.Chaos.Experiments;

/// <summary>SIGKILL to all workers but one at the same moment: the one that is left is a minority of the cluster, and takes over everything.</summary>
internal static class KillAllButOne
{
    public static Experiment Experiment { get; } = new("kill-all-but-one", "kill -9 all workers but one, at random moments", RunAsync)
    {
        Rounds = 5,
        GapLimit = plan => plan.SessionSeconds + 4,
    };

    private static async Task RunAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(stop);
            var survivor = scene.AnyWorker();
            var victims = scene.Workers.FindAll(worker => worker.IsRunning && worker != survivor);
            await Task.WhenAll(victims.Select(victim => victim.KillAsync()));
            await scene.WaitUntilFlowingAsync(stop);
            await scene.NoteRoundAsync(round, $"all but {survivor.Name} killed");
            foreach (var victim in victims)
                await scene.StartAgainAsync(victim, stop);
            scene.Gaps.Take();   // those of the workers that join
        }
    }
}
