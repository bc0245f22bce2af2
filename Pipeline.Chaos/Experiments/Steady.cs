namespace Pipeline.Chaos.Experiments;

/// <summary>No fault: what a ward takes of CPU, memory and disk.</summary>
internal static class Steady
{
    /// <summary>In which code is compiled.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static Experiment Experiment { get; } = new("steady", "no fault: what a ward takes of CPU, memory and disk", RunAsync)
    {
        Workers = 1,
        Rounds = 1,
        PollInterval = TimeSpan.FromSeconds(5),
    };

    private static async Task RunAsync(ChaosScene scene, CancellationToken stop)
    {
        await Task.Delay(WarmUp, scene.Time, stop);
        for (var round = 1; round <= scene.Rounds; round++)
        {
            var (cpu, from) = (scene.Cpu(), scene.Ward.Reached);
            await Task.Delay(Minute, scene.Time, stop);
            scene.NoteCpu(cpu, "in real time", scene.Ward.Patients.Count() * scene.Ward.Reached.SecondsSince(from));
            scene.Note(new ChaosFigure("workers' memory", scene.Workers.Sum(worker => worker.ResidentBytes) / 1048576.0, "MiB"));
            await scene.SayAsync($"{round}/{scene.Rounds} a minute without a fault");
        }
        scene.NoteDisks();
    }
}
