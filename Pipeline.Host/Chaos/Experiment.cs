namespace Pipeline.Host.Chaos;

/// <summary>An experiment: what it does to a ward that is running.</summary>
/// <param name="Name">What the user types.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="HarmAsync">Does it, all rounds of it.</param>
internal sealed record Experiment(string Name, string Summary, Func<ChaosScene, CancellationToken, Task> HarmAsync)
{
    /// <summary>Brokers, each partition on all of them.</summary>
    public int Brokers { get; init; } = 1;

    /// <summary>Workers at the beginning.</summary>
    public int Workers { get; init; } = 3;

    /// <summary>Partitions of every topic.</summary>
    public int Partitions { get; init; } = 8;

    /// <summary>Beds, unless the user says otherwise.</summary>
    public int Patients { get; init; } = 200;

    /// <summary>Rounds, unless the user says otherwise.</summary>
    public int Rounds { get; init; } = 10;

    /// <summary>Settings of the workers, before those that the user names.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>How often the store is looked at.</summary>
    public TimeSpan Look { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait for the ward to flow again, or to be stored to its end.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What is promised of the gap, at most, in seconds; null: nothing.</summary>
    public Func<ChaosPlan, double>? GapLimit { get; init; }

    /// <summary>All of them, in the order of the help.</summary>
    public static IReadOnlyList<Experiment> All { get; } =
    [
        new("steady", "nothing is harmed: what a ward takes of CPU, memory and disk", Experiments.SteadyAsync) { Workers = 1, Rounds = 1, Look = TimeSpan.FromSeconds(5) },
        new("kill-worker", "kill -9 one of three workers, at random moments", Experiments.KillWorkerAsync) { GapLimit = plan => plan.SessionSeconds + (plan.Standby ? 2 : 4) },
        new("rolling-restart", "end one worker after the other in order, and start it again", Experiments.RollingRestartAsync) { GapLimit = plan => plan.Standby ? 1 : 3 },
        new("kill-broker", "kill -9 one of three brokers; leaders and coordinator move", Experiments.KillBrokerAsync) { Brokers = 3, Workers = 2, GapLimit = _ => 12, Rounds = 3 },
        new("freeze-worker", "stop a worker in the middle of a checkpoint and past its session, let it go on, then kill a new owner", Experiments.FreezeWorkerAsync)
        {
            Rounds = 4, Settings = ["Kafka:CheckpointInterval=00:00:01"],
        },
        new("store-outage", "kill InfluxDB for ten minutes of the ward's time, start it again; then take the workers' token away, and give them another", StoreOutage.RunAsync)
        {
            Rounds = 1, Workers = 1, Patients = 1_000, Settings = ["Topology:Model=classical"], Look = TimeSpan.FromMilliseconds(500), Patience = TimeSpan.FromMinutes(10),
        },
        new("scale-out", "from one worker to three, to two, under load; then from 8 partitions to 16, and the samples topic made anew", ScaleOut.RunAsync) { Workers = 1, Rounds = 2 },
    ];
}
