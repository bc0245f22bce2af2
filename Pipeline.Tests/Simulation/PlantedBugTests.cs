using Xunit;
using Xunit.Abstractions;

namespace Pipeline.Tests.Simulation;

/// <summary>Whether the simulation finds what it is there to find: each planted bug within a thousand histories, in each of which nothing is wrong without it.</summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const int MostSeeds = 1_000;

    [Theory]
    [InlineData(nameof(PlantedBug.CommitsBeforeAcknowledge))]
    [InlineData(nameof(PlantedBug.CapturesAfterTheBarrier))]
    [InlineData(nameof(PlantedBug.SnapshotsWithoutPosition))]
    [InlineData(nameof(PlantedBug.NoFence))]
    [InlineData(nameof(PlantedBug.AnswersAfterARestart))]
    [InlineData(nameof(PlantedBug.BarrierPassesAnOpenAnswer))]
    [InlineData(nameof(PlantedBug.GraphStartsBeforeItsShard))]
    [InlineData(nameof(PlantedBug.LostAcknowledgementIsTakenForOne))]
    [InlineData(nameof(PlantedBug.TakesSkippedRecordsForAHole))]
    [InlineData(nameof(PlantedBug.LeavesOutMoreThanWhatDoesNotFit))]
    public void A_planted_bug_is_found(string name)
    {
        var bug = Enum.Parse<PlantedBug>(name);
        for (var seed = 0; seed < MostSeeds; seed++)
        {
            if (History.FindFault(seed, bug) is not { } fault)
                continue;
            output.WriteLine($"seed {seed}: {fault}");
            Assert.Null(History.FindFault(seed));
            return;
        }
        Assert.Fail($"not found in {MostSeeds} seeds");
    }
}
