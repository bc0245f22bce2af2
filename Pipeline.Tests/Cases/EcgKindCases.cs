using Pipeline.Benchmarks.Faults;
using Pipeline.Benchmarks.Kinds;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Estimators;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;
using Xunit;

namespace Pipeline.Tests.Cases;

/// <summary>A small part of each simulated kind of ECG, of seeds that took part in no training, with the network that ships.</summary>
public sealed class EcgKindCases
{
    private const int FirstSeed = 100_200;
    private const int Records = 4;
    private const double Seconds = 90;
    private const double MostOkOfPWaves = 0.15;
    private const double MostOkWithoutBeats = 0.4;

    [Theory]
    [InlineData(EcgKind.Sinus, 99.9)]
    [InlineData(EcgKind.TallT, 99.8)]
    [InlineData(EcgKind.LeadOff, 97)]
    [InlineData(EcgKind.Movement, 98.5)]
    [InlineData(EcgKind.SecondDegreeBlock, 95)]
    [InlineData(EcgKind.CompleteBlock, 99)]
    [InlineData(EcgKind.Pauses, 97)]
    public void The_beats_of_a_kind_are_found(EcgKind kind, double leastF1)
    {
        var scores = Drawn(kind).Select(one => BeatKindScore.Of(QrsTrainingSet.RecordingOf(one), StageRun.Network).Beats).ToArray();

        Assert.True(scores.Aggregate(default(BeatCounts), (sum, one) => sum + one).F1 >= leastF1,
            string.Join(", ", scores.Select(s => $"{s.True} found, {s.False} false, {s.Missed} missed")));
    }

    [Theory]
    [InlineData(100, 0.08, 0.018)]
    [InlineData(125, 0.12, 0.03)]
    [InlineData(250, 0.25, 0.022)]
    [InlineData(360, 0.16, 0.026)]
    [InlineData(500, 0.2, 0.02)]
    public void P_waves_alone_have_no_rate_in_all_but_few_windows(double rateHz, double height, double width)
    {
        var noise = new NoiseSource(7, 1);
        var lead = new float[(int)(60 * rateHz)];
        ElectrodeFaults.AddBand(lead, rateHz, 0.006, 1, 40, ref noise);
        ElectrodeFaults.AddBand(lead, rateHz, 0.05, 0.05, 0.4, ref noise);
        for (var at = 0.4; at < 60; at += 0.8 + 0.02 * noise.Normal())
            ElectrodeFaults.AddWave(lead, rateHz, at, height, width);

        var windows = RateFaults.Run(new FaultCase("p", rateHz, [lead], []), SignalKind.Ecg).Where(w => !w.Window.IsTail).ToArray();

        Assert.True(windows.Count(w => w.Estimates[0].Status == EstimateStatus.Ok) <= MostOkOfPWaves * windows.Length, string.Join(' ', windows.Select(w => w.Estimates[0].Status)));
    }

    [Fact]
    public void While_only_P_waves_are_left_there_is_no_rate()
    {
        var (windows, ok) = (0, 0);
        foreach (var one in Drawn(EcgKind.Standstill))
        {
            var seconds = one.Beats.Select(b => b.Seconds).ToArray();
            foreach (var window in RateFaults.Run(new FaultCase("standstill", one.RateHz, one.Leads, seconds), SignalKind.Ecg))
            {
                var (start, end) = (window.Window.StartIndex / one.RateHz, window.Window.EndIndex / one.RateHz);
                if (window.Window.IsTail || seconds.Any(at => at > start && at < end))
                    continue;
                windows++;
                ok += window.Estimates[0].Status == EstimateStatus.Ok ? 1 : 0;
            }
        }

        Assert.True(windows > 10 && ok <= MostOkWithoutBeats * windows, $"{ok} of {windows} windows");
    }

    [Fact]
    public void Low_beats_with_their_T_waves_are_no_P_waves()
    {
        foreach (var seed in Enumerable.Range(400, 8))
        {
            var one = EcgKinds.Of("low", seed, 40);
            var windows = RateFaults.Run(one, SignalKind.Ecg).Where(w => !w.Window.IsTail).ToArray();
            Assert.True(windows.Count(w => w.Estimates[0].Status == EstimateStatus.Ok) >= windows.Length - 1, $"seed {seed}");
        }
    }

    [Fact]
    public void A_lead_that_comes_off_takes_few_beats_from_the_good_one()
    {
        var all = default(BeatCounts);
        foreach (var one in Drawn(EcgKind.LeadOff))
        {
            var sound = EcgKindSimulator.Draw(EcgKind.Sinus, 11, Seconds, one.RateHz);
            var noise = new NoiseSource(one.Beats.Count, 9);
            ElectrodeFaults.LoseContact(sound.Leads[1], one.RateHz, 10, 6, isDead: true, ref noise);
            all += BeatKindScore.Of(QrsTrainingSet.RecordingOf(sound), StageRun.Network).Beats;
        }

        Assert.True(all.F1 >= 97, $"{all.True} found, {all.False} false, {all.Missed} missed");
    }

    private static IEnumerable<EcgOfKind> Drawn(EcgKind kind) =>
        Enumerable.Range(FirstSeed, Records).Select(seed => EcgKindSimulator.Draw(kind, seed, Seconds));
}
