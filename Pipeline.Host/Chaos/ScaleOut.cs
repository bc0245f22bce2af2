namespace Pipeline.Host.Chaos;

/// <summary>One worker becomes three, then two, under load; then the samples topic is made anew; at the end of a round one worker is left.</summary>
internal static class ScaleOut
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(6);

    /// <summary>A ward that stands has published what was due after this.</summary>
    private static readonly TimeSpan Standstill = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(Calm, stop);
            for (var workers = 2; workers <= 3; workers++)
                await Experiments.StartAgainAsync(scene, scene.Workers.Find(worker => !worker.IsRunning) ?? scene.NewWorker(), stop);
            await scene.NoteRoundAsync(round, "one to three");
            await EndOneAsync(scene, stop);
            await scene.NoteRoundAsync(round, "three to two");
            await RemakeSamplesAsync(scene, stop);
            await scene.SayAsync($"{round}/{scene.Rounds} the samples topic was made anew");
            await EndOneAsync(scene, stop);
            scene.Gaps.Take();      // those of a ward that stood still
        }
    }

    private static async Task EndOneAsync(ChaosScene scene, CancellationToken stop)
    {
        await scene.Workers.Last(worker => worker.IsRunning).TerminateAsync(stop);
        await scene.WaitUntilFlowingAsync(stop);
    }

    /// <summary>As an operator must: nothing is published until all that was is done; what lies in a topic goes with it.</summary>
    private static async Task RemakeSamplesAsync(ChaosScene scene, CancellationToken stop)
    {
        scene.Ward.RunAt(0);
        await Task.Delay(Standstill, scene.Time, stop);
        await scene.DrainAsync(stop);
        await scene.Kafka.RemakeAsync(scene.KafkaOptions.SamplesTopic, scene.Time, stop);
        scene.Ward.RunAt(1);
        await scene.WaitUntilFlowingAsync(stop);
    }
}
