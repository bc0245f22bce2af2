using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Tests.Torch;
using Pipeline.Training.HeartRate;
using Xunit;

namespace Pipeline.Tests.Training;

/// <summary>The fit of the network for whether there is a pulse, where two numbers together say it and neither alone.</summary>
[Collection(nameof(SeededTraining))]
public sealed partial class PpgPresenceFitTests
{
    private const int Steps = 200, First = 3, Second = 10;

    [SkippableFact]
    public void What_no_weight_alone_tells_is_learnt_and_the_rare_side_counts_as_much()
    {
        NeedLibtorch.OrSkip();
        var seen = Rows(1);
        var rare = seen.Where((row, i) => !row.IsPulse || i % 4 == 0).ToList();

        var fits = new[] { seen, rare }.Select(rows => PpgPresenceFit.Of(rows, seed: 1, CancellationToken.None, Steps));

        foreach (var fit in fits)
            foreach (var side in Rows(2).GroupBy(row => row.IsPulse))
                Assert.InRange(side.Average(row => fit.LogOdds(row.Features) > 0 == row.IsPulse ? 1 : 0), 0.85, 1);
    }

    [SkippableFact]
    public void The_same_seed_gives_the_same_weights_which_are_those_that_are_printed()
    {
        NeedLibtorch.OrSkip();
        var rows = Rows(1);

        var fit = PpgPresenceFit.Of(rows, seed: 1, CancellationToken.None, Steps);
        var again = PpgPresenceFit.Of(rows, seed: 1, CancellationToken.None, Steps);
        var other = PpgPresenceFit.Of(rows, seed: 2, CancellationToken.None, Steps);

        Assert.Equal(fit.Text(), again.Text());
        Assert.NotEqual(fit.Text(), other.Text());
        Assert.Equal(fit.Units, Number().Matches(fit.Text()).Select(m => float.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)));
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"Offset = {fit.Offset};"), fit.Text(), StringComparison.Ordinal);
    }

    /// <summary>A pulse where two numbers have one sign; the others are noise, of other sizes and means.</summary>
    private static List<PpgPresenceRow> Rows(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 4000).Select(_ =>
        {
            var x = Enumerable.Range(0, PpgPresenceFeatures.Count).Select(k => (float)(k + (k + 1) * (2 * random.NextDouble() - 1))).ToArray();
            return new PpgPresenceRow(x, x[First] > First == x[Second] > Second, Weight: 1);
        })];
    }

    [GeneratedRegex("""(-?[0-9.E-]+)f,""")]
    private static partial Regex Number();
}
