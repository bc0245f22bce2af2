namespace Pipeline.Chaos.Experiments;

/// <summary>SIGTERM to one worker after the other; each is started again.</summary>
internal static class RollingRestart
{
    public static Experiment Experiment { get; } = new("rolling-restart", "end one worker after the other in order, and start it again", RunAsync)
    {
        GapLimit = plan => plan.Standby ? 1 : 3,
    };

    private static async Task RunAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(stop);
            var worker = scene.Workers[(round - 1) % scene.Workers.Count];
            var code = await worker.TerminateAsync(stop);
            await scene.StartAgainAsync(worker, stop);
            await scene.NoteRoundAsync(round, $"{worker.Name} ended with {code} and started again");
        }
    }
}
