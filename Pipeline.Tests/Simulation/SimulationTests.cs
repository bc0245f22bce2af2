using System.Globalization;
using Xunit;
using Xunit.Abstractions;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// Many histories of a ward in which everything goes wrong that can; see <see cref="History"/>. <c>PIPELINE_SIMULATION=FROM-TO</c> says which
/// seeds; <c>PIPELINE_SIMULATION_SEED=N</c> tells the story of one.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const string Usual = "0-40";

    [Fact]
    public void Whatever_goes_wrong_the_series_are_those_of_an_uninterrupted_run()
    {
        if (Environment.GetEnvironmentVariable("PIPELINE_SIMULATION_SEED") is { } wanted)
        {
            Assert.Null(Tell(int.Parse(wanted, CultureInfo.InvariantCulture)));
            return;
        }
        var range = (Environment.GetEnvironmentVariable("PIPELINE_SIMULATION") ?? Usual).Split('-').Select(part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray();
        var before = Environment.CpuUsage.TotalTime;
        var failed = -1;
        Parallel.For(range[0], range[1], (seed, loop) =>
        {
            if (History.FindFault(seed) is null)
                return;
            loop.Stop();
            Interlocked.CompareExchange(ref failed, seed, -1);
        });
        output.WriteLine($"{(Environment.CpuUsage.TotalTime - before).TotalMilliseconds / (range[1] - range[0]):0.0} ms of CPU a seed");
        if (failed >= 0)
            Assert.Fail($"seed {failed} (PIPELINE_SIMULATION_SEED={failed} tells its story again): {Tell(failed)}");
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
