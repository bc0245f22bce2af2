namespace Pipeline.Chaos.Experiments;

/// <summary>SIGKILL to one of three workers, at random moments.</summary>
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
            var victim = scene.AnyWorker();
            await victim.KillAsync();
            await scene.WaitUntilFlowingAsync(stop);
            await scene.NoteRoundAsync(round, $"{victim.Name} killed");
            await scene.StartAgainAsync(victim, stop);
            scene.Gaps.Take();   // that of the worker that joins belongs to rolling-restart and scale-out
        }
    }
}
