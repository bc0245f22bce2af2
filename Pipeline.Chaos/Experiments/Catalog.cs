namespace Pipeline.Chaos.Experiments;

/// <summary>All experiments, in the order of the help. One file each; a new one is a line here.</summary>
internal static class Catalog
{
    public static IReadOnlyList<Experiment> All { get; } =
    [
        Steady.Experiment,
        KillWorker.Experiment,
        KillAllButOne.Experiment,
        PartitionMembers.Experiment,
        RollingRestart.Experiment,
        KillBroker.Experiment,
        FreezeWorker.Experiment,
        StoreOutage.Experiment,
        ScaleOut.Experiment,
    ];

    /// <summary>The experiment with that name; null when there is none.</summary>
    public static Experiment? Find(string name) => All.FirstOrDefault(experiment => experiment.Name == name);
}
