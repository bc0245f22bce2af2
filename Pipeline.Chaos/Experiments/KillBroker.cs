namespace Pipeline.Chaos.Experiments;

/// <summary>SIGKILL to one of three brokers: partition leaders and the group's coordinator move.</summary>
internal static class KillBroker
{
    /// <summary>In which a broker that came back has caught up with the others.</summary>
    private static readonly TimeSpan ReplicasCatchUp = TimeSpan.FromSeconds(12);

    public static Experiment Experiment { get; } = new("kill-broker", "kill -9 one of three brokers; leaders and coordinator move", RunAsync)
    {
        Brokers = 3,
        Workers = 2,
        Rounds = 3,
        GapLimit = _ => 12,
    };

    private static async Task RunAsync(ChaosScene scene, CancellationToken stop)
    {
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(stop);
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
}
