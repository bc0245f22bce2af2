using System.Diagnostics;
using System.Text;
using Pipeline.Host.Kafka;

namespace Pipeline.Chaos.Experiments;

/// <summary>
/// The store dies for ten minutes of the ward's time, which runs faster meanwhile, and comes back; then the workers' token is taken away, as a
/// rotation does, and the new one put into their file.
/// </summary>
internal static class StoreOutage
{
    private const double WardSeconds = 600, Hurry = 20, LeastCatchUp = 20;

    /// <summary>The last points of what was missed wait, in any run, for so many seconds of what comes after.</summary>
    private const double NotYetDue = 4;

    /// <summary>The token is missing for so long: a refused writer has looked again several times.</summary>
    private static readonly TimeSpan Refused = TimeSpan.FromSeconds(10);

    /// <summary>In which code is compiled: who runs a ward has run it for longer.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(30);

    public static Experiment Experiment { get; } = new(
        "store-outage", "kill InfluxDB for ten minutes of the ward's time, start it again; then take the workers' token away, and give them another", RunAsync)
    {
        Rounds = 1,
        Workers = 1,
        Patients = 1_000,
        Settings = ["Topology:Model=classical"],
        PollInterval = TimeSpan.FromMilliseconds(500),
        Patience = TimeSpan.FromMinutes(10),
    };

    private static async Task RunAsync(ChaosScene scene, CancellationToken stop)
    {
        await Task.Delay(WarmUp, scene.Time, stop);
        for (var round = 1; round <= scene.Rounds; round++)
        {
            await scene.WaitSomeAsync(stop);
            await LoseStoreAsync(scene, round, stop);
            await LoseTokenAsync(scene, round, stop);
        }
    }

    private static async Task LoseStoreAsync(ChaosScene scene, int round, CancellationToken stop)
    {
        var before = scene.Workers.Sum(worker => worker.ResidentBytes);
        var end = scene.Ward.Reached.AddSeconds(WardSeconds);
        await scene.Influx.KillAsync();
        scene.Ward.RunAt(Hurry);
        var began = Stopwatch.GetTimestamp();
        var during = await scene.WatchAsync("publishing what the store is to miss", () => scene.Ward.Reached >= end, stop);
        scene.Ward.RunAt(0);
        await scene.SayAsync($"{round}/{scene.Rounds} InfluxDB was away for {WardSeconds:0} s of the ward, {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s here");

        // Catching up: the cores are the workers', the brokers' and the store's. The simulated devices, which would take half a core, stand still.
        await scene.Influx.RestartAsync();
        var cpu = scene.Cpu();
        began = Stopwatch.GetTimestamp();
        var patients = scene.Ward.Patients.Count();
        var target = end.AddSeconds(-NotYetDue);
        // One patient of each shard tells how far it is; the others are looked at when these are there.
        int PartitionOf(string patient) => KeyPartition.Of(Encoding.UTF8.GetBytes(patient), scene.KafkaOptions.Partitions);
        string[] some = [.. scene.Ward.Patients.GroupBy(PartitionOf).Select(shard => shard.First())];
        scene.LookAt(some);
        var catchingUp = await scene.WatchAsync("catching up", () => scene.Gaps.CountThrough(target) >= some.Length, stop);
        scene.LookAt(null);
        catchingUp = Math.Max(catchingUp, await scene.WatchAsync("catching up", () => scene.Gaps.CountThrough(target) == patients, stop));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        scene.Ward.RunAt(1);
        scene.Note(new ChaosFigure("catch-up", (WardSeconds - NotYetDue) / seconds, "ward s a second", Least: LeastCatchUp));
        scene.Note(new ChaosFigure("store back until all caught up", seconds, "s"));
        scene.NoteCpu(cpu, "of it", patients * WardSeconds);
        scene.Note(new ChaosFigure("workers' memory before", Mebibytes(before), "MiB"));
        scene.Note(new ChaosFigure("workers' memory, most in the outage", Mebibytes(during), "MiB"));
        scene.Note(new ChaosFigure("workers' memory, most while catching up", Mebibytes(catchingUp), "MiB"));
        scene.NoteDisks();
        await scene.SayAsync($"{round}/{scene.Rounds} caught up in {seconds:0.0} s");
    }

    private static async Task LoseTokenAsync(ChaosScene scene, int round, CancellationToken stop)
    {
        await scene.Influx.RevokeTokenAsync(stop);
        foreach (var worker in scene.Workers)
            await scene.WaitUntilReadyAsync(worker, stop, isReady: false);
        await Task.Delay(Refused, scene.Time, stop);
        var began = Stopwatch.GetTimestamp();
        await scene.Influx.RotateTokenAsync(stop);
        await scene.WaitUntilFlowingAsync(stop);
        scene.Note(new ChaosFigure("token there until all flow", Stopwatch.GetElapsedTime(began).TotalSeconds, "s"));
        await scene.SayAsync($"{round}/{scene.Rounds} the workers' token was refused, and replaced");
    }

    private static double Mebibytes(long bytes) => bytes / 1048576.0;
}
