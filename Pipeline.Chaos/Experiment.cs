namespace Pipeline.Chaos;

/// <summary>An experiment: the faults that it injects into a running ward, and what is promised meanwhile.</summary>
/// <param name="Name">What the user types.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="RunAsync">Injects the faults, all rounds of them; returns when every patient's points come again.</param>
internal sealed record Experiment(string Name, string Summary, Func<ChaosScene, CancellationToken, Task> RunAsync)
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

    /// <summary>Whether the ways between the workers' actor systems can be cut.</summary>
    public bool HasRelays { get; init; }

    /// <summary>Settings of the workers, before those that the user names.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>How often the store is polled.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait for the points to come again, or to be stored to the end of the ward.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The 99th percentile of the gap that is promised, at most, in seconds; null: no gap is promised.</summary>
    public Func<ChaosPlan, double>? GapLimit { get; init; }
}
