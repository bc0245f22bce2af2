using Pipeline.Models.Estimators.Fetal;
using Xunit;

namespace Pipeline.Tests.Estimators.Fetal;

public sealed class BeatContrastTests
{
    [Fact]
    public void A_clear_track_stands_out_and_chance_does_not()
    {
        int[] beats = [.. Enumerable.Range(0, 28).Select(b => 60 + 100 * b)];

        var (clear, chance) = (Of(beats, noise: 0.4f), Of(beats, noise: 2.2f));

        Assert.True(clear.Contrast > 1.4);
        Assert.True(clear.IsWhole);
        Assert.True(chance.Contrast < 0);
        Assert.False(chance.IsWhole);
    }

    [Fact]
    public void A_track_that_is_lost_for_two_seconds_is_not_whole_however_clear_the_rest()
    {
        int[] beats = [.. Enumerable.Range(0, 28).Select(b => 60 + 100 * b)];

        var terms = Of(beats, noise: 0.3f, lost: 5);

        Assert.True(terms.Contrast > 1);
        Assert.False(terms.IsWhole);
    }

    [Fact]
    public void Intervals_that_differ_by_a_third_are_no_heart()
    {
        int[] beats = [.. Enumerable.Range(0, 20).Select(b => 60 + 140 * b - (b % 2 == 0 ? 0 : 50))];

        Assert.False(Of(beats, noise: 0.3f).IsWhole);
    }

    [Fact]
    public void Fewer_than_five_beats_are_nothing() => Assert.Equal(BeatTerms.None, Of([100, 200, 300, 400], noise: 0.3f));

    /// <summary>Beats of height 2, and a peak of height <paramref name="noise"/> in the middle between two of them; it is 3 behind the last <paramref name="lost"/>.</summary>
    private static BeatTerms Of(int[] beats, float noise, int lost = 0)
    {
        var strength = new float[3000];
        for (var b = 0; b < beats.Length; b++)
        {
            strength[beats[b]] = 2;
            if (b + 1 < beats.Length)
                strength[(beats[b] + beats[b + 1]) / 2] = b + 1 >= beats.Length - lost ? 3 : noise;
        }
        return new BeatContrast().Of(beats, strength, [], []);
    }
}
