using Pipeline.Models.Simulation;
using Xunit;

namespace Pipeline.Tests.Simulation;

/// <summary>Simulated kinds of ECG: repeatable, with beats where they say and nowhere else.</summary>
public sealed class EcgKindSimulatorTests
{
    private const double RateHz = 250;

    public static TheoryData<EcgKind> Kinds => [.. Enum.GetValues<EcgKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_same_seed_gives_the_same_samples_and_another_one_does_not(EcgKind kind)
    {
        var (first, second, other) = (Draw(kind, 5), Draw(kind, 5), Draw(kind, 6));

        Assert.Equal(first.Leads, second.Leads);
        Assert.Equal(first.Beats, second.Beats);
        Assert.NotEqual(first.Leads[0], other.Leads[0]);
        Assert.All(first.Leads, lead => Assert.All(lead, value => Assert.InRange(value, -30, 30)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Beats_ascend_at_least_a_quarter_of_a_second_apart(EcgKind kind)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var beats = Draw(kind, seed).Beats.Select(b => b.Seconds).ToArray();
            Assert.True(beats.Length >= 3, $"seed {seed}: {beats.Length} beats");
            Assert.All(beats.Zip(beats.Skip(1)), pair => Assert.True(pair.Second - pair.First >= 0.25));
        }
    }

    [Fact]
    public void Where_a_beat_is_the_larger_lead_is_high_and_its_steepest_point_is_near()
    {
        var one = Draw(EcgKind.Sinus, 3);
        var lead = one.Leads.MaxBy(l => l.Max(Math.Abs))!;

        foreach (var (seconds, _) in one.Beats)
        {
            var at = (int)(seconds * RateHz);
            var near = Enumerable.Range(at - 25, 51).MaxBy(i => Math.Abs(lead[i + 1] - lead[i]));
            Assert.InRange(near - at, -12, 12);
        }
    }

    [Fact]
    public void A_pause_and_a_standstill_are_as_long_as_they_are_said_to_be()
    {
        double Longest(EcgKind kind) => Enumerable.Range(0, 20).Max(seed =>
        {
            var beats = Draw(kind, seed).Beats;
            return beats.Zip(beats.Skip(1)).Max(pair => pair.Second.Seconds - pair.First.Seconds);
        });

        Assert.InRange(Longest(EcgKind.Sinus), 0.5, 1.3);
        Assert.InRange(Longest(EcgKind.CompleteBlock), 1.2, 2.6);
        Assert.InRange(Longest(EcgKind.Pauses), 4, 7.5);
        Assert.InRange(Longest(EcgKind.Standstill), 10, 42);
    }

    [Fact]
    public void A_lead_that_comes_off_jumps_by_millivolts_and_rests_in_between()
    {
        var noise = new NoiseSource(1, 1);
        var lead = new float[60_000];
        ElectrodeFaults.LoseContact(lead, RateHz, 10, 5, isDead: true, ref noise);

        Assert.InRange(lead.Max(Math.Abs), 2, 12);
        Assert.Contains(lead, value => value == 0);
    }

    [Fact]
    public void Band_noise_has_the_strength_that_was_asked_for()
    {
        var noise = new NoiseSource(1, 1);
        var lead = new float[50_000];
        ElectrodeFaults.AddBand(lead, RateHz, 0.2, 10, 60, ref noise);

        Assert.Equal(0.2, Math.Sqrt(lead.Average(v => (double)v * v)), 1e-3);
    }

    private static EcgOfKind Draw(EcgKind kind, int seed) => EcgKindSimulator.Draw(kind, seed, 90, RateHz);
}
