namespace Pipeline.Chaos.Experiments;

/// <summary>
/// One worker becomes three, then two, under load; then the topics get more partitions, and the samples topic is made anew, as an operator does
/// it: while the ward stands still. At the end of a round one worker is left.
/// </summary>
internal static class ScaleOut
{
    private const int Partitions = 16;

    /// <summary>A ward that stands has published what was due after this.</summary>
    private static readonly TimeSpan Standstill = TimeSpan.FromSeconds(1);

    public static Experiment Experiment { get; } = new(
        "scale-out", "from one worker to three, to two, under load; then from 8 partitions to 16, and the samples topic made anew", RunAsync)
    {
        Workers = 1,
        Rounds = 2,
        GapLimit = _ => 3,
    };

    private static async Task RunAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(stop);
            for (var workers = 2; workers <= 3; workers++)
                await scene.StartAgainAsync(scene.Workers.Find(worker => !worker.IsRunning) ?? scene.NewWorker(), stop);
            await scene.NoteRoundAsync(round, "one to three");
            await EndOneAsync(scene, stop);
            await scene.NoteRoundAsync(round, "three to two");
            if (round == 1)
            {
                var moved = await GrowAsync(scene, stop);
                scene.Note(new ChaosFigure("patients whose state moved to another partition", moved, "patients"));
                await scene.SayAsync($"{round}/{scene.Rounds} {Partitions} partitions; the state of {moved} patients moved along");
            }
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

    /// <summary>The ward stands still, everything published is done, no worker runs while the topics grow.</summary>
    private static async Task<int> GrowAsync(ChaosScene scene, CancellationToken stop)
    {
        await ComeToRestAsync(scene, stop);
        var workers = scene.Workers.FindAll(worker => worker.IsRunning);
        foreach (var worker in workers)
            await worker.TerminateAsync(stop);
        var moved = await scene.Kafka.GrowAsync(Partitions, scene.Time, stop);
        await scene.Ward.RestartPublisherAsync();
        foreach (var worker in workers)
            worker.Start();
        scene.Ward.RunAt(1);
        await scene.WaitUntilFlowingAsync(stop);
        return moved;
    }

    private static async Task ComeToRestAsync(ChaosScene scene, CancellationToken stop)
    {
        scene.Ward.RunAt(0);
        await Task.Delay(Standstill, scene.Time, stop);
        await scene.DrainAsync(stop);
    }

    /// <summary>Nothing is published until all that was is done; what lies in a topic goes with it.</summary>
    private static async Task RemakeSamplesAsync(ChaosScene scene, CancellationToken stop)
    {
        await ComeToRestAsync(scene, stop);
        await scene.Kafka.RemakeAsync(scene.KafkaOptions.SamplesTopic, scene.Time, stop);
        scene.Ward.RunAt(1);
        await scene.WaitUntilFlowingAsync(stop);
    }
}
