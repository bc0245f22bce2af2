using Pipeline.Models.Estimators.Fetal;
using Xunit;

namespace Pipeline.Tests.Estimators.Fetal;

public sealed class CoincidenceTests
{
    [Fact]
    public void Rates_that_are_alike_for_ten_seconds_are_a_coincidence_until_they_part()
    {
        var coincidence = new Coincidence();

        // A window every 2 s.
        Assert.Equal([false, false, false, false, true, true], Enumerable.Range(0, 6).Select(_ => coincidence.Next(false, 80, 83, true)));
        Assert.Equal([true, true, false], new[] { 85.0, 87, 90 }.Select(fetus => coincidence.Next(false, 80, fetus, true)));
    }

    [Fact]
    public void Rates_that_part_quickly_end_it_at_once()
    {
        var coincidence = new Coincidence();

        Assert.True(coincidence.Next(true, 80, 80, true));
        Assert.False(coincidence.Next(false, 80, 90, true));
    }

    [Fact]
    public void Beats_at_her_rate_that_are_not_certain_take_twenty_seconds_and_others_set_it_back()
    {
        var coincidence = new Coincidence();

        Assert.DoesNotContain(true, Enumerable.Range(0, 9).Select(_ => coincidence.Next(false, 80, 83, false)));
        Assert.False(coincidence.Next(false, 80, 140, false));
        Assert.Equal([false, true], Enumerable.Range(0, 2).Select(_ => coincidence.Next(false, 80, 81, false)));
        coincidence.Clear();
        Assert.DoesNotContain(true, Enumerable.Range(0, 20).Select(_ => coincidence.Next(false, double.NaN, 81, false)));
    }

    [Fact]
    public void Rates_that_cross_are_none()
    {
        var coincidence = new Coincidence();

        Assert.DoesNotContain(true, Enumerable.Range(0, 20).Select(i => coincidence.Next(false, 80, 110 - 3 * i, true)));
    }

    [Fact]
    public void A_fetus_that_is_hidden_ends_it_after_half_a_minute()
    {
        var coincidence = new Coincidence();

        Assert.True(coincidence.Next(true, 80, 80, true));
        Assert.Equal(14, Enumerable.Range(0, 30).Count(_ => coincidence.Next(false, 80, double.NaN, false)));
    }

    [Fact]
    public void Beats_that_lie_in_the_mothers_or_each_second_of_them_are_hers()
    {
        int[] mother = [.. Enumerable.Range(0, 12).Select(b => 100 + 200 * b)];

        Assert.True(MaternalLikeness.AreHers([.. mother.Select(b => b + 4)], mother, 0));
        Assert.True(MaternalLikeness.AreHers([.. Enumerable.Range(0, 24).Select(b => 105 + 100 * b)], mother, 0));
        Assert.False(MaternalLikeness.AreHers([.. Enumerable.Range(0, 24).Select(b => 130 + 100 * b)], mother, 0));
        Assert.False(MaternalLikeness.AreHers([.. Enumerable.Range(0, 20).Select(b => 105 + 110 * b)], mother, 0));
        Assert.False(MaternalLikeness.AreHers([], mother, 0));
    }

    [Fact]
    public void A_wave_at_one_distance_from_her_beats_is_locked_and_another_heart_of_her_rate_is_not()
    {
        int[] mother = [.. Enumerable.Range(0, 14).Select(b => 100 + 200 * b + b % 3)];

        Assert.True(MaternalLikeness.AreLocked([.. mother.Select((b, i) => b + 70 + i % 2)], mother));
        Assert.False(MaternalLikeness.AreLocked([.. mother.Select((b, i) => b + 30 + 4 * i)], mother));
        Assert.False(MaternalLikeness.AreLocked([.. Enumerable.Range(0, 24).Select(b => 130 + 100 * b)], mother));
    }
}
