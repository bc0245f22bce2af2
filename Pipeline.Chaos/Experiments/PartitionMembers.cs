using Pipeline.Actors.Cluster;
using Pipeline.Chaos.Servers;

namespace Pipeline.Chaos.Experiments;

/// <summary>The workers cannot reach each other, while all reach Kafka and the store: each goes on with its partitions, and nobody is removed from the cluster.</summary>
internal static class PartitionMembers
{
    private static readonly TimeSpan ForAMinute = TimeSpan.FromMinutes(1);

    public static Experiment Experiment { get; } = new(
        "partition-members", "for a minute no worker reaches another one, while all reach Kafka and the store; nobody is downed", RunAsync)
    {
        Rounds = 2,
        HasRelays = true,
        GapLimit = _ => 1,
    };

    private static async Task RunAsync(ChaosScene scene, CancellationToken stop)
    {
        var (cut, downed) = (0, 0);
        await WaitUntilTogetherAsync(scene, stop);
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(stop);
            scene.Gaps.Take();
            scene.Relays.ForEach(relay => relay.Cut());
            await Task.Delay(ForAMinute, scene.Time, stop);
            foreach (var worker in scene.Workers)
            {
                var others = await OthersAsync(scene, worker, stop);
                cut += others.Count(fault => fault is WardReader.NotReachable);
                downed += others.Count(fault => fault is not (null or WardReader.NotReachable));
            }
            scene.Relays.ForEach(relay => relay.Mend());
            await WaitUntilTogetherAsync(scene, stop);
            await scene.WaitUntilFlowingAsync(stop);
            await scene.NoteRoundAsync(round, "no worker reached another one for 60 s");
        }
        scene.Note(new ChaosFigure("ways between members that were cut", cut, "ways", Least: scene.Rounds * scene.Workers.Count * (scene.Workers.Count - 1)));
        scene.Note(new ChaosFigure("members that were downed", downed, "members", Limit: 0));
    }

    private static Task WaitUntilTogetherAsync(ChaosScene scene, CancellationToken stop) => scene.PollAsync(
        async () => (await Task.WhenAll(scene.Workers.Select(worker => OthersAsync(scene, worker, stop)))).All(others => others.All(fault => fault is null)),
        () => "not every worker reaches all others", stop);

    /// <summary>What keeps a worker from each of the others; null where nothing does.</summary>
    private static async Task<string?[]> OthersAsync(ChaosScene scene, WorkerProcess worker, CancellationToken stop)
    {
        var faults = Array.Empty<string?>();
        await scene.PollAsync(async () =>
        {
            var status = await worker.StatusAsync(stop);
            faults = [.. (status?.Members ?? []).Where(member => member.Address != status!.Process).Select(member => member.Fault)];
            return faults.Length == scene.Workers.Count - 1;
        }, () => $"{worker.Name} does not say who else is in the group", stop);
        return faults;
    }
}
