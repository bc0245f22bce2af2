using System.Globalization;
using Xunit;
using Xunit.Abstractions;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// Many histories of a ward in which everything goes wrong that can; see <see cref="History"/>. <c>PIPELINE_SIMULATION=FROM-TO</c> says which
/// seeds, <c>PIPELINE_SIMULATION_PROGRESS=FILE</c> where it is kept how far they are, so that a long range can be gone on with;
/// <c>PIPELINE_SIMULATION_SECONDS=N</c> ends it early where the machine is slow; <c>PIPELINE_SIMULATION_SEED=N</c> tells the story of one.
/// </summary>
[Collection(nameof(SimulationTests))]
[CollectionDefinition(nameof(SimulationTests), DisableParallelization = true)]     // its range is for both cores
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const string Usual = "0-100";
    private const int SeedsBetweenNotes = 250;

    [Fact]
    public void Whatever_goes_wrong_the_series_are_those_of_an_uninterrupted_run()
    {
        if (Environment.GetEnvironmentVariable("PIPELINE_SIMULATION_SEED") is { } wanted)
        {
            Assert.Null(Tell(int.Parse(wanted, CultureInfo.InvariantCulture)));
            return;
        }
        var range = (Environment.GetEnvironmentVariable("PIPELINE_SIMULATION") ?? Usual).Split('-').Select(part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray();
        var progress = Environment.GetEnvironmentVariable("PIPELINE_SIMULATION_PROGRESS");
        var from = progress is not null && File.Exists(progress) ? int.Parse(File.ReadAllText(progress), CultureInfo.InvariantCulture) : range[0];
        var enough = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("PIPELINE_SIMULATION_SECONDS") ?? "86400", CultureInfo.InvariantCulture));
        Assert.True(from < range[1] && enough > TimeSpan.Zero, $"no seed would be tried: {from} to {range[1]}, {enough.TotalSeconds} s (PIPELINE_SIMULATION, _PROGRESS, _SECONDS)");
        var started = TimeProvider.System.GetTimestamp();
        for (int next; from < range[1] && TimeProvider.System.GetElapsedTime(started) < enough; from = next)
        {
            next = Math.Min(range[1], from + SeedsBetweenNotes);
            var before = Environment.CpuUsage.TotalTime;
            if (FindFailing(from, next) is { } failing)
                Assert.Fail($"seed {failing} (PIPELINE_SIMULATION_SEED={failing} tells its story again): {Tell(failing)}");
            output.WriteLine($"{from} to {next}: nothing wrong; {(Environment.CpuUsage.TotalTime - before).TotalMilliseconds / (next - from):0.0} ms of CPU a seed");
            if (progress is not null)
                File.WriteAllText(progress, next.ToString(CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void A_seed_is_one_history()
    {
        for (var seed = 0; seed < 3; seed++)
        {
            var (first, second) = (History.Tell(seed), History.Tell(seed));

            Assert.Equal(first.StepCount, second.StepCount);
            Assert.Equal(first.Story, second.Story);
        }
    }

    /// <summary>The first of the seeds, as far as they were tried, in whose history something is wrong.</summary>
    private static int? FindFailing(int from, int to)
    {
        var failing = int.MaxValue;
        const int Together = History.HistoriesOfWorkload;
        Parallel.For(from / Together, (to + Together - 1) / Together, (workload, loop) =>
        {
            for (var seed = Math.Max(from, workload * Together); seed < Math.Min(to, (workload + 1) * Together); seed++)
            {
                if (History.FindFault(seed) is null)
                    continue;
                loop.Break();
                InterlockedMin(ref failing, seed);
                return;
            }
        });
        return failing == int.MaxValue ? null : failing;
    }

    private static void InterlockedMin(ref int least, int value)
    {
        for (var seen = least; value < seen; seen = least)
            Interlocked.CompareExchange(ref least, value, seen);
    }

    /// <summary>Writes a seed's story, and returns what is wrong with it.</summary>
    private string? Tell(int seed)
    {
        var (fault, story, steps) = History.Tell(seed);
        foreach (var line in story)
            output.WriteLine(line);
        output.WriteLine($"{steps} steps");
        return fault;
    }
}
