using Pipeline.Models;
using Pipeline.Models.Estimators.Ctg;
using Xunit;

namespace Pipeline.Tests.Ctg;

/// <summary>FIGO's table, line by line.</summary>
public sealed class CtgClassificationTests
{
    private static readonly CtgRules Rules = new();

    [Theory]
    [InlineData(140, 12, CtgCategory.Normal)]
    [InlineData(110, 5, CtgCategory.Normal)]
    [InlineData(160, 25, CtgCategory.Normal)]
    [InlineData(161, 12, CtgCategory.Suspicious)]
    [InlineData(109, 12, CtgCategory.Suspicious)]
    [InlineData(99, 12, CtgCategory.Pathological)]
    [InlineData(140, 4, CtgCategory.Suspicious)]
    [InlineData(140, 26, CtgCategory.Suspicious)]
    [InlineData(140, float.NaN, CtgCategory.Normal)]
    public void Baseline_and_variability(float baseline, float variability, CtgCategory category) =>
        Assert.Equal(category, CtgClassification.Of(Of(baseline, variability)));

    [Theory]
    [InlineData(50, 0, 0, false)]
    [InlineData(51, 0, 0, true)]
    [InlineData(0, 30, 0, false)]
    [InlineData(0, 31, 0, true)]
    [InlineData(0, 0, 30, false)]
    [InlineData(0, 0, 31, true)]
    public void What_lasts_too_long_is_pathological(int reduced, int increased, int sinusoidal, bool isPathological) =>
        Assert.Equal(isPathological, CtgClassification.Of(Of(140, 12, (reduced, increased, sinusoidal))) == CtgCategory.Pathological);

    [Theory]
    [InlineData(300, false)]
    [InlineData(301, true)]
    public void One_deceleration_of_more_than_five_minutes_is_pathological(int seconds, bool isPathological) =>
        Assert.Equal(isPathological, CtgClassification.Of(Of(140, 12, decelerations: [new(3000, 3000 + seconds, EventKind.ProlongedDeceleration)])) == CtgCategory.Pathological);

    [Fact]
    public void Decelerations_with_more_than_half_of_the_contractions_are_repetitive()
    {
        var contractions = Every(300, 12);

        Assert.Equal(CtgCategory.Normal, Category(contractions, EventKind.VariableDeceleration, every: 2, late: 5));
        Assert.Equal(CtgCategory.Suspicious, Category(contractions, EventKind.VariableDeceleration, every: 1, late: 5));
        Assert.Equal(CtgCategory.Pathological, Category(contractions, EventKind.LateDeceleration, every: 1, late: 40));
        Assert.Equal(CtgCategory.Normal, Category(contractions, EventKind.LateDeceleration, every: 1, late: 170));   // with no contraction
    }

    [Fact]
    public void Late_ones_of_twenty_minutes_are_pathological_only_while_variability_is_reduced()
    {
        var contractions = Every(200, 18);
        Deceleration[] late = [.. contractions.Where(one => one.Begin >= 3600 - 1200).Select(one => new Deceleration(one.Begin + 40, one.Begin + 100, EventKind.LateDeceleration))];

        Assert.Equal(CtgReasons.Repetitive, Of(140, 12, default, late, contractions));
        Assert.True((Of(140, 4, (15, 0, 0), late, contractions) & CtgReasons.RepetitiveLate) != 0);
    }

    [Fact]
    public void Without_a_toco_decelerations_leave_the_category_open()
    {
        Deceleration[] some = [new(3000, 3060, EventKind.Deceleration)];
        var with = CtgClassification.Reasons(Found(140, 12) with { HasToco = false }, some, [], Rules);
        var without = CtgClassification.Reasons(Found(140, 12) with { HasToco = false }, [], [], Rules);
        var high = CtgClassification.Reasons(Found(170, 12) with { HasToco = false }, some, [], Rules);

        Assert.Equal((CtgCategory.None, "no toco: repetitive decelerations cannot be told"), (CtgClassification.Of(with), CtgClassification.Words(with, Rules)));
        Assert.Equal((CtgCategory.Normal, "all features normal"), (CtgClassification.Of(without), CtgClassification.Words(without, Rules)));
        Assert.Equal((CtgCategory.Suspicious, "baseline above 160; no toco: repetitive decelerations cannot be told"), (CtgClassification.Of(high), CtgClassification.Words(high, Rules)));
    }

    [Fact]
    public void Other_limits_give_another_category()
    {
        var strict = new CtgRules { BaselineHigh = 150, VariabilityLow = 6 };

        var reasons = CtgClassification.Reasons(Found(155, 5.5f), [], [], strict);

        Assert.Equal((CtgCategory.Suspicious, "baseline above 150; variability below 6"), (CtgClassification.Of(reasons), CtgClassification.Words(reasons, strict)));
    }

    private static CtgCategory Category(Contraction[] contractions, EventKind kind, int every, int late) => CtgClassification.Of(Of(
        140, 12, default, [.. contractions.Where((_, i) => i % every == 0).Select(one => new Deceleration(one.Begin + late, one.Begin + late + 60, kind))], contractions));

    private static Contraction[] Every(int seconds, int count) => [.. Enumerable.Range(0, count).Select(i => new Contraction(i * seconds, i * seconds + 70))];

    private static CtgReasons Of(
        float baseline, float variability, (int, int, int) minutes = default, Deceleration[]? decelerations = null, Contraction[]? contractions = null) =>
        CtgClassification.Reasons(Found(baseline, variability) with { Minutes = minutes }, decelerations ?? [], contractions ?? [], Rules);

    private static CtgFindings Found(float baseline, float variability) => new(3600, baseline, variability, default, HasToco: true);
}
