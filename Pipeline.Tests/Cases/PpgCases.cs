using Pipeline.Benchmarks.Faults;
using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Features;
using Xunit;

namespace Pipeline.Tests.Cases;

/// <summary>
/// <c>ok</c> of a PPG means usable: no value where there is no pulse, and a right one where there is. By the classical estimator and by the
/// network that ships, on many signals of each kind, at several rates and sizes; the figures are of all windows of a kind together.
/// </summary>
public sealed class PpgCases
{
    private const int FirstSeed = 200, Signals = 24;
    private const int KindSignals = 8;
    private const double KindSeconds = 90;
    private static readonly double[] Rates = [50, 64, 100, 125];
    private static readonly Lazy<RateModel> Network = new(() => ModelCatalog.Open("heart-rate") ?? throw new InvalidOperationException("no package"));

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

    public static TheoryData<string> KindsOfNoise => [.. PpgKinds.WithoutPulse.Where(kind => kind != "movement")];

    [Theory]
    [MemberData(nameof(KindsOfNoise))]
    public void Noise_of_every_colour_and_breathing_have_no_ok_window_alone_or_beside_an_accelerometer(string kind) =>
        AssertFew(OfKind(kind, _ => double.NegativeInfinity), 0.01);

    [Theory]
    [InlineData("movement", 0.01)]
    [InlineData("tone", 0.04)]
    [InlineData("movement-loose", 0.04)]
    [InlineData("movement-mixed", 0.04)]
    public void Of_movement_without_a_pulse_and_of_waves_that_wander_little_few_windows_are_ok(string kind, double most) =>
        AssertFew(OfKind(kind, _ => double.NegativeInfinity), most);

    [Theory]
    [InlineData("stops-breathing", 0.01)]
    [InlineData("stops-low-passed", 0.01)]
    [InlineData("stops-walk", 0.01)]
    [InlineData("stops-finger-off", 0.01)]
    public void A_pulse_that_stops_is_gone_within_ten_seconds_whatever_is_left_alone_or_beside_an_accelerometer(string kind, double most) =>
        AssertFew(OfKind(kind, signal => signal.Onsets[^1] + 10), most);

    [Theory]
    [InlineData("regular", 0.97)]
    [InlineData("rising", 0.98)]
    [InlineData("weak", 0.75)]
    [InlineData("ectopic", 0.6)]
    [InlineData("fibrillation", 0.3)]
    public void A_pulse_has_a_value_alone_or_beside_an_accelerometer(string kind, double least)
    {
        var windows = OfKind(kind, _ => double.NegativeInfinity);

        var ok = windows.Count(w => w.Status == EstimateStatus.Ok);
        Assert.True(ok >= least * windows.Count, $"{ok} of {windows.Count} windows are ok");
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

    [Theory]
    [InlineData(double.NaN, false)]
    [InlineData(double.NaN, true)]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(double.PositiveInfinity, false)]
    [InlineData(double.PositiveInfinity, true)]
    public void Where_a_tenth_of_the_packets_is_lost_zeroed_or_repeated_the_rate_stays_right_or_has_no_value(double fill, bool network)
    {
        var windows = Windows(network, seed => Pulse(seed).Lose(Between(new Random(seed), 0.2, 1), 0.1, fill)).ToList();

        AssertRight(windows);
    }

    [Theory]
    [InlineData(double.NaN, false)]
    [InlineData(double.NaN, true)]
    [InlineData(0, false)]
    [InlineData(0, true)]
    public void Where_every_third_to_fifth_pulse_is_lost_the_rate_stays_right_or_has_no_value(double fill, bool network)
    {
        var windows = Windows(network, seed => Pulse(seed).LosePulses(3 + seed % 3, fill)).ToList();

        AssertRight(windows);
    }

    [Theory]
    [InlineData(double.NaN, false)]
    [InlineData(double.NaN, true)]
    [InlineData(0, true)]
    public void The_quality_falls_with_the_share_that_is_lost(double fill, bool network)
    {
        var quality = new[] { 0, 0.1, 0.3 }
            .Select(share => Windows(network, seed => Pulse(seed).Lose(0.5, share, fill)).Average(w => w.Estimate.Quality)).ToList();

        Assert.True(quality[0] > quality[1] + 0.03 && quality[1] > quality[2] + 0.06, $"{quality[0]}, {quality[1]}, {quality[2]}");
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.6)]
    [InlineData(0.9)]
    public void Pulses_are_marked_once_from_the_first_on_whatever_their_dicrotic_wave(double dicrotic)
    {
        var (all, early) = (new BeatCount(), new BeatCount());
        foreach (var signal in Many(seed => Pulse(seed, Between(new Random(seed), 40, 75), dicrotic)))
        {
            all.Add(signal, Beats(signal), 0, signal.Seconds);
            early.Add(signal, Beats(signal), 0, 8);
        }

        Assert.True(all.False <= 0.05 * all.Found && all.Missed <= 0.05 * all.True, $"{all}");
        Assert.True(early.False <= 0.05 * early.Found + 2, $"first 8 s: {early}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4095)]
    [InlineData(double.NaN)]
    public void After_a_sensor_was_off_for_three_seconds_pulses_are_marked_again_within_three(double fill)
    {
        var count = new BeatCount();
        foreach (var signal in Many(seed => Pulse(seed).Change((t, value) => t is > 20 and < 23 ? fill : value)))
            count.Add(signal, Beats(signal), 26, 50);

        Assert.True(count.False <= 0.05 * count.Found && count.Missed <= 0.05 * count.True, $"{count}");
    }

    private static void AssertFew(List<Estimate> windows, double most)
    {
        var ok = windows.Count(w => w.Status == EstimateStatus.Ok);
        Assert.True(ok <= most * windows.Count, $"{ok} of {windows.Count} windows are ok");
    }

    /// <summary>The estimates of windows that end at <paramref name="from"/> or later, of a few signals of a kind, by the network that ships.</summary>
    private static List<Estimate> OfKind(string kind, Func<PpgCaseSignal, double> from)
    {
        var found = new List<Estimate>();
        foreach (var beside in PpgKinds.Besides)
            for (var seed = FirstSeed; seed < FirstSeed + KindSignals; seed++)
            {
                var signal = PpgKinds.Of(kind, beside, seed, KindSeconds);
                var least = from(signal);
                found.AddRange(PpgFaults.Windows(signal, Network.Value).Where(w => w.Start + 8 >= least).Select(w => w.Estimate));
            }
        return found;
    }

    private static PpgCaseSignal Pulse(int seed, double perMinute = double.NaN, double dicrotic = double.NaN)
    {
        var random = new Random(seed);
        return Empty(seed).Steady(
                double.IsNaN(perMinute) ? Between(random, 50, 120) : perMinute, 100, double.IsNaN(dicrotic) ? Between(random, 0, 0.5) : dicrotic)
            .Breathing(Between(random, 12, 25), Between(random, 0, 40)).White(2).Counts();
    }

    /// <summary>Of the values one in a hundred may be more than 2 per minute off; most windows have one.</summary>
    private static void AssertRight(List<CaseWindow> windows)
    {
        var wrong = windows.Where(w => Math.Abs(w.Estimate.Value - w.TrueRate) > 2).ToList();
        Assert.True(wrong.Count <= 0.01 * windows.Count, $"{wrong.Count} of {windows.Count} windows are wrong, as {string.Join(", ", wrong.Take(5))}");
        Assert.True(windows.Count(w => w.Estimate.Status == EstimateStatus.Ok) >= 0.9 * windows.Count);
    }

    private static List<double> Beats(PpgCaseSignal signal) =>
        [.. Results(network: false, signal).SelectMany(r => r.Beats).Select(b => b.SampleIndex / signal.RateHz)];

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

    private static List<WindowResult> Results(bool network, PpgCaseSignal signal) =>
        [.. StreamRun.Of(signal.Chunks(), first => Stages.Create(first.Channels, first.RateHz, network ? [Network.Value] : null))];

    private static PpgCaseSignal Empty(int seed) => new(Rates[seed % Rates.Length], 60, seed);

    private static double Between(Random random, double least, double most) => least + (most - least) * random.NextDouble();

    /// <summary>Marks against the pulses that were made: a mark belongs to a pulse when it lies on its upstroke.</summary>
    private sealed record BeatCount
    {
        private const double Upstroke = 0.3;    // seconds

        public int True { get; private set; }

        public int Missed { get; private set; }

        public int Found { get; private set; }

        public int False { get; private set; }

        public void Add(PpgCaseSignal signal, List<double> marks, double start, double end)
        {
            var pulses = signal.Onsets.Where(t => t >= start && t < end - Upstroke).ToList();
            var found = marks.Where(t => t >= start && t < end).ToList();
            True += pulses.Count;
            Missed += pulses.Count(p => !found.Exists(t => t >= p && t < p + Upstroke));
            Found += found.Count;
            False += found.Count(t => !signal.Onsets.Exists(p => t >= p && t < p + Upstroke));
            False += pulses.Sum(p => Math.Max(0, found.Count(t => t >= p && t < p + Upstroke) - 1));
        }
    }

    private sealed record CaseWindow(PpgCaseSignal Signal, double Start, Estimate Estimate)
    {
        public double End => Start + 8;

        public double TrueRate => Signal.RateIn(Start, End);
    }
}
