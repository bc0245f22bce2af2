using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Xunit;

namespace Pipeline.Tests.Cases;

/// <summary>
/// <c>ok</c> of a PPG means usable: no value where there is no pulse, and a right one where there is. By the classical estimator and by the
/// network that ships, on many signals of each kind, at several rates and sizes; the figures are of all windows of a kind together.
/// </summary>
public sealed class PpgCases
{
    private const int FirstSeed = 200, Signals = 24;
    private static readonly double[] Rates = [50, 64, 100, 125];

    [Theory]
    [InlineData("white noise", false)]
    [InlineData("white noise", true)]
    [InlineData("a random walk", false)]
    [InlineData("a random walk", true)]
    [InlineData("noise of the converter, finger off", false)]
    [InlineData("noise of the converter, finger off", true)]
    [InlineData("hardly any noise of the converter", false)]
    [InlineData("noise and drift of the converter", false)]
    [InlineData("breathing", false)]
    [InlineData("breathing", true)]
    [InlineData("breathing of another shape", false)]
    [InlineData("breathing of another shape", true)]
    public void A_signal_without_a_pulse_has_no_ok_window(string kind, bool network)
    {
        var windows = Windows(network, seed => Without(kind, seed)).ToList();

        var ok = windows.Where(w => w.Estimate.Status == EstimateStatus.Ok).ToList();
        Assert.True(ok.Count <= 0.01 * windows.Count, $"{ok.Count} of {windows.Count} windows are ok, as {string.Join(", ", ok.Take(5))}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pulse_that_stops_while_breathing_stays_is_low_quality_within_ten_seconds(bool network)
    {
        var windows = Windows(network, seed =>
        {
            var random = new Random(seed);
            return Empty(seed).Steady(Between(random, 45, 140), Between(random, 30, 150), end: Between(random, 20, 30))
                .Breathing(Between(random, 12, 25), Between(random, 20, 120)).White(Between(random, 0.5, 5)).Counts();
        }).Where(w => w.End >= w.Signal.Onsets[^1] + 10).ToList();

        Assert.True(windows.Count(w => w.Estimate.Status != EstimateStatus.LowQuality) <= 0.01 * windows.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_beats_are_marked_where_there_is_no_pulse(bool network)
    {
        foreach (var kind in new[] { "white noise", "a random walk", "breathing" })
        {
            var beats = Many(seed => Without(kind, seed)).Sum(signal => Results(network, signal).Sum(r => r.Beats.Count));

            Assert.InRange(beats, 0, Signals * 60 / 10);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_regular_pulse_is_ok_from_the_first_window_on(bool network)
    {
        var windows = Windows(network, seed =>
        {
            var random = new Random(seed);
            return Empty(seed).Steady(Between(random, 55, 150), Between(random, 30, 150), Between(random, 0, 0.5))
                .Breathing(Between(random, 12, 25), Between(random, 0, 60)).White(Between(random, 0.5, 8)).Counts();
        }).ToList();

        Assert.True(windows.Count(w => w.Estimate.Status == EstimateStatus.Ok) >= 0.99 * windows.Count);
        Assert.True(windows.Count(w => Math.Abs(w.Estimate.Value - w.TrueRate) <= 3) >= 0.97 * windows.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_atrial_fibrillation_the_mean_interval_is_given_or_nothing(bool network)
    {
        var windows = Windows(network, seed =>
        {
            var random = new Random(seed);
            return Empty(seed).Fibrillation(Between(random, 55, 130), Between(random, 0.12, 0.3))
                .Breathing(Between(random, 12, 25), Between(random, 0, 40)).White(Between(random, 0.5, 5)).Counts();
        }).ToList();

        var wrong = windows.Count(w => Math.Abs(w.Estimate.Value - w.TrueRate) > 5);
        Assert.True(wrong <= 0.06 * windows.Count, $"{wrong} of {windows.Count} windows are more than 5 per minute off");
    }

    private static PpgCaseSignal Without(string kind, int seed)
    {
        var random = new Random(seed);
        var (signal, size) = (Empty(seed), Math.Pow(10, Between(random, -0.5, 1.5)));
        return kind switch
        {
            "white noise" => signal.White(20 * size).Counts(),
            "a random walk" => signal.Walk(50 * size).White(seed % 3 * 0.5).Counts(),
            "noise of the converter, finger off" => signal.White(Between(random, 0.3, 2)).Counts(),
            "hardly any noise of the converter" => signal.White(Between(random, 0.12, 0.3)).Counts(),
            "noise and drift of the converter" => signal.Walk(Between(random, 0.2, 3)).White(Between(random, 0.3, 2)).Counts(),
            "breathing" => signal.Breathing(Between(random, 12, 25), Between(random, 20, 200)).White(Between(random, 0.5, 10)).Counts(),
            "breathing of another shape" => signal.Breathing(Between(random, 12, 25), Between(random, 20, 200), Between(random, 0.1, 0.5))
                .White(Between(random, 0.5, 10)).Counts(),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    private static IEnumerable<CaseWindow> Windows(bool network, Func<int, PpgCaseSignal> make)
    {
        foreach (var signal in Many(make))
            foreach (var result in Results(network, signal))
                foreach (var estimate in result.Estimates)
                    yield return new CaseWindow(signal, result.Window.Start.UnixNanoseconds / 1e9, estimate);
    }

    private static IEnumerable<PpgCaseSignal> Many(Func<int, PpgCaseSignal> make) => Enumerable.Range(FirstSeed, Signals).Select(make);

    private static List<WindowResult> Results(bool network, PpgCaseSignal signal)
    {
        using var model = network ? ModelCatalog.Open("heart-rate") ?? throw new InvalidOperationException("no package") : null;
        return [.. StreamRun.Of(signal.Chunks(), first => Stages.Create(first.Channels, first.RateHz, model is null ? null : [model]))];
    }

    private static PpgCaseSignal Empty(int seed) => new(Rates[seed % Rates.Length], 60, seed);

    private static double Between(Random random, double least, double most) => least + (most - least) * random.NextDouble();

    private sealed record CaseWindow(PpgCaseSignal Signal, double Start, Estimate Estimate)
    {
        public double End => Start + 8;

        public double TrueRate => Signal.RateIn(Start, End);
    }
}
