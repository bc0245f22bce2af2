using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Estimators.Rhythm;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Models.State;
using Pipeline.Tests.Estimators;
using Pipeline.Tests.Networks;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Rhythm;

/// <summary>Episodes of the rhythm from labelled beats.</summary>
public sealed class RhythmStageTests
{
    private const int RateHz = 250;

    private static readonly ChannelLayout Layout = new(new Channel("II", SignalKind.Ecg, "mV", 1000));

    [Fact]
    public void Even_beats_are_no_episode()
    {
        Assert.Empty(Over(Beats(60, _ => 0.8)));
        Assert.Empty(Over(Beats(200, beat => 0.8 + 0.1 * Math.Sin(beat / 3.0))));
    }

    [Fact]
    public void Ventricular_beats_in_a_row_are_a_couplet_a_run_or_a_tachycardia()
    {
        foreach (var (row, interval, kind) in new[]
        {
            (2, 0.4, EventKind.Couplet), (3, 0.4, EventKind.VentricularRun), (4, 0.4, EventKind.VentricularRun), (5, 0.4, EventKind.VentricularTachycardia),
            (12, 0.4, EventKind.VentricularTachycardia), (12, 0.7, EventKind.VentricularRun),
        })
        {
            var beats = Beats(60, beat => beat >= 20 && beat < 20 + row - 1 ? interval : 0.8, beat => beat >= 20 && beat < 20 + row ? BeatLabel.Ventricular : BeatLabel.Normal);

            var one = Assert.Single(Over(beats));

            Assert.Equal(kind, one.Kind);
            Assert.Equal(beats[20].Seconds, one.BeginIndex / RateHz, 1e-3);
            Assert.Equal(beats[20 + row - 1].Seconds, one.EndIndex / RateHz, 1e-3);
            Assert.Equal(0.9, one.Probability, 1e-6);
        }
    }

    [Fact]
    public void A_tachycardia_is_told_while_it_lasts_and_when_it_is_over()
    {
        var beats = Beats(60, beat => beat is >= 20 and < 50 ? 0.4 : 0.8, beat => beat is >= 20 and < 50 ? BeatLabel.Ventricular : BeatLabel.Normal);

        var told = Run(beats).SelectMany(window => window.Events.Select(one => (window.Window.EndIndex, one)))
            .Where(two => two.one.Kind == EventKind.VentricularTachycardia).ToList();

        Assert.Equal([false, true], told.Select(two => two.one.IsOver));
        Assert.Equal(told[0].one.BeginIndex, told[^1].one.BeginIndex);
        // Five beats, a second until they are certain, and a window's hop.
        Assert.InRange(told[0].EndIndex / (double)RateHz, beats[24].Seconds, beats[24].Seconds + 4);
        Assert.All(told, two => Assert.Equal(EventPriority.High, two.one.Priority));
    }

    [Fact]
    public void Slow_and_fast_hearts_are_extreme_after_5_and_17_beats()
    {
        var slow = Assert.Single(Over(Beats(90, beat => beat is >= 20 and < 30 ? 1.6 : 0.8)));
        var fast = Assert.Single(Over(Beats(60, beat => beat is >= 20 and < 60 ? 0.4 : 0.8)));

        Assert.Equal(EventKind.ExtremeBradycardia, slow.Kind);
        Assert.InRange(slow.EndIndex - slow.BeginIndex, 1.6 * 9 * RateHz, 1.6 * 12 * RateHz);
        Assert.Equal(EventKind.ExtremeTachycardia, fast.Kind);
        Assert.Empty(Over(Beats(60, beat => beat is >= 20 and < 23 ? 1.6 : 0.8)));
        Assert.Empty(Over(Beats(60, beat => beat is >= 20 and < 32 ? 0.4 : 0.8)));
    }

    [Fact]
    public void Every_second_beat_ventricular_is_bigeminy()
    {
        var one = Assert.Single(Over(Beats(60, _ => 0.8, beat => beat is >= 20 and < 32 && beat % 2 == 0 ? BeatLabel.Ventricular : BeatLabel.Normal)));

        Assert.Equal(EventKind.Bigeminy, one.Kind);
        Assert.Empty(Over(Beats(60, _ => 0.8, beat => beat is >= 20 and < 24 && beat % 2 == 0 ? BeatLabel.Ventricular : BeatLabel.Normal)));
    }

    [Fact]
    public void A_long_interval_is_a_pause_and_a_longer_one_asystole_where_the_leads_are_on()
    {
        var pause = Assert.Single(Over(Beats(60, beat => beat == 20 ? 3.4 : 0.8)));
        var stopped = Beats(60, beat => beat == 20 ? 9 : 0.8);
        var asystole = Assert.Single(Over(stopped));

        Assert.Equal((EventKind.Pause, 3.4), (pause.Kind, Math.Round((pause.EndIndex - pause.BeginIndex) / RateHz, 3)));
        Assert.Equal((EventKind.Asystole, 9.0), (asystole.Kind, Math.Round((asystole.EndIndex - asystole.BeginIndex) / RateHz, 3)));
        var told = Run(stopped).First(window => window.Events.Count > 0);
        Assert.InRange(told.Window.EndIndex / (double)RateHz, stopped[20].Seconds + 4, stopped[20].Seconds + 6);
    }

    [Fact]
    public void Leads_that_are_off_or_full_of_noise_are_no_asystole()
    {
        var beats = Beats(60, beat => beat == 20 ? 9 : 0.8);

        Assert.DoesNotContain(Over(beats, noise: 0), one => one.Kind == EventKind.Asystole);
        Assert.DoesNotContain(Over(beats, noise: 0.8f), one => one.Kind == EventKind.Asystole);
    }

    [Fact]
    public void A_poor_signal_begins_no_episode_that_noise_can_make()
    {
        Assert.Empty(Over(Beats(60, beat => beat is >= 20 and < 60 ? 0.4 : 0.8), quality: 0.3));
        Assert.Empty(Over(Beats(60, beat => beat == 20 ? 3.4 : 0.8), quality: 0.3));
        Assert.NotEmpty(Over(Beats(60, beat => beat is >= 20 and < 32 ? 0.4 : 0.8, beat => beat is >= 20 and < 32 ? BeatLabel.Ventricular : BeatLabel.Normal), quality: 0.3));
    }

    [Fact]
    public void Ventricular_beats_that_are_neither_certain_nor_like_those_before_are_noise()
    {
        var beats = Beats(60, beat => beat is >= 20 and < 32 ? 0.4 : 0.8, beat => beat is >= 20 and < 32 ? BeatLabel.Ventricular : BeatLabel.Normal);
        EventKind[] Shown(Func<int, (float Certainty, float Repeat)> shown) => [.. Over(beats, shown: shown).Select(one => one.Kind)];

        Assert.Empty(Shown(_ => (0.5f, 0.6f)));
        Assert.Equal([EventKind.VentricularTachycardia], Shown(_ => (0.95f, 0.6f)));
        Assert.Equal([EventKind.VentricularTachycardia], Shown(_ => (0.2f, 0.9f)));
        Assert.Empty(Shown(beat => beat % 3 == 0 ? (0.5f, 0.9f) : (0.5f, 0.1f)));
        // Four of five at the end, when the noise is over, are enough.
        Assert.Equal([EventKind.VentricularTachycardia], Shown(beat => beat < 27 ? (0.5f, 0.1f) : (0.95f, 0.1f)));
        Assert.Empty(Shown(beat => beat is > 23 and < 29 && beat != 26 && beat != 25 ? (0.95f, 0.1f) : (0.5f, 0.1f)));
    }

    [Fact]
    public void A_simulated_heart_has_each_tachycardia_that_it_has_and_hardly_one_in_50_bursts_of_strong_noise()
    {
        HeartEpisode[] episodes = [new(EventKind.VentricularTachycardia, 400, 412), new(EventKind.VentricularTachycardia, 800, 815)];
        var inNoise = 0;
        foreach (var (seed, activity) in new[] { (1, PatientActivity.Rest), (2, PatientActivity.Exercise), (3, PatientActivity.Irregular) })
        {
            var scenario = SimulatedWard.Bed(seed, seed, default, 0, default) with { Activity = activity, EctopicShare = 0, HasPpg = false, HasAbp = false };

            inNoise += Tachycardias(scenario with { Faults = new DeviceFaults(NoisesPerHour: 60) }).Length;
            var found = Tachycardias(scenario with { Episodes = episodes });

            Assert.Equal(episodes.Length, found.Length);
            Assert.All(found.Zip(episodes), two => Assert.InRange(two.First, two.Second.Begin, two.Second.Begin + 1.2));
        }
        Assert.InRange(inNoise, 0, 1);
    }

    /// <summary>When ventricular tachycardias begin, in seconds, of the ECG of a simulated bed, by all its stages.</summary>
    private static double[] Tachycardias(BedScenario scenario)
    {
        const int Seconds = 1000;
        var bed = new SimulatedBed(scenario);
        var chunks = new List<SampleChunk>();
        while (bed.Seconds < Seconds)
            bed.Next(chunks, isLast: bed.Seconds == Seconds - 1);
        return
        [
            .. StreamRun.Of(chunks, first => Stages.Create(first.Channels, first.RateHz, [StageRun.Network])).SelectMany(window => window.Events)
                .Where(one => one is { Kind: EventKind.VentricularTachycardia, IsOver: true }).Select(one => one.BeginIndex / RateHz),
        ];
    }

    [Fact]
    public void Irregular_intervals_are_atrial_fibrillation_of_an_ECG_and_of_a_PPG()
    {
        var random = new Random(3);
        double[] drawn = [.. Enumerable.Range(0, 1000).Select(_ => 0.45 + 0.5 * random.NextDouble())];
        var beats = Beats(400, beat => beat is >= 150 and < 350 ? drawn[beat] : 0.8 + 0.03 * Math.Sin(beat / 4.0));
        foreach (var signal in new[] { SignalKind.Ecg, SignalKind.Ppg })
        {
            var one = Assert.Single(Over(beats, signal: signal), one => one.Kind == EventKind.AtrialFibrillation);

            Assert.Equal(beats[150].Seconds, one.BeginIndex / RateHz, 30.0);
            Assert.Equal(beats[350].Seconds, one.EndIndex / RateHz, 30.0);
        }
        // Ectopic beats and breathing are irregular with a pattern.
        Assert.DoesNotContain(Over(Beats(400, beat => (beat % 7) switch { 5 => 0.5, 6 => 1.1, _ => 0.8 + 0.05 * Math.Sin(beat / 2.0) })), one => one.Kind == EventKind.AtrialFibrillation);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pulses_of_a_poor_PPG_are_no_rhythm_whoever_gives_the_rate(bool byNetwork)
    {
        using var model = byNetwork ? NetworkStageTests.Shipped() : null;
        var random = new Random(3);
        double[] drawn = [.. Enumerable.Range(0, 1000).Select(_ => 0.45 + 0.5 * random.NextDouble())];
        var beats = Beats(400, beat => beat >= 150 ? drawn[beat] : 0.8 + 0.03 * Math.Sin(beat / 4.0));
        IEnumerable<SignalEvent> Fibrillations(Func<double, (double, EstimateStatus)> rate) =>
            Run(beats, signal: SignalKind.Ppg, rate: rate, model: model).SelectMany(window => window.Events).Where(one => one is { Kind: EventKind.AtrialFibrillation, IsOver: true });

        Assert.Empty(Fibrillations(_ => (0.3, EstimateStatus.Ok)));
        Assert.Empty(Fibrillations(_ => (0.9, EstimateStatus.LowQuality)));
        // Irregular pulses of a poor PPG are none after it either; and an episode does not go on through a minute of it.
        Assert.Empty(Fibrillations(seconds => seconds is > 115 and < 380 ? (0.3, EstimateStatus.LowQuality) : (0.9, EstimateStatus.Ok)));
        var one = Fibrillations(seconds => seconds > 250 ? (0.3, EstimateStatus.LowQuality) : (0.9, EstimateStatus.Ok)).Single();
        Assert.InRange(one.EndIndex / RateHz, 240, 252);
        Assert.Single(Fibrillations(_ => (0.9, EstimateStatus.Ok)));
    }

    [Fact]
    public void A_naive_sample_entropy_gives_the_same()
    {
        var random = new Random(8);
        for (var run = 0; run < 20; run++)
        {
            double[] intervals = [.. Enumerable.Range(0, 64).Select(_ => Math.Round((0.5 + 0.1 * (run + 1) / 20.0 * random.Next(8)) * 8000) / 8000)];
            var found = new IrregularIntervals();
            foreach (var interval in intervals)
                found.Take(interval);
            double pairs = 0, longer = 0;
            for (var i = 0; i < 63; i++)
                for (var j = 0; j < i; j++)
                    if (Math.Abs(intervals[i] - intervals[j]) <= 0.03 + 1e-9)
                    {
                        pairs++;
                        longer += Math.Abs(intervals[i + 1] - intervals[j + 1]) <= 0.03 + 1e-9 ? 1 : 0;
                    }
            Assert.Equal(-Math.Log((longer + 1) / (pairs + 1)) + Math.Log(0.06) - Math.Log(intervals.Average()), found.Entropy(), 1e-9);
        }
    }

    [Fact]
    public void It_goes_on_after_a_restore_at_any_window()
    {
        var random = new Random(5);
        (float, float)[] shown = [.. Enumerable.Range(0, 1000).Select(_ => (random.NextSingle() < 0.3 ? 0.95f : 0.5f, random.NextSingle()))];
        double[] drawn = [.. Enumerable.Range(0, 1000).Select(_ => 0.35 + 0.5 * random.NextDouble())];
        var beats = Beats(
            300, beat => beat % 60 == 30 ? 9 : beat % 60 == 50 ? 3.3 : beat is > 100 and < 200 ? drawn[beat] : beat is > 200 and < 230 ? 0.4 : 0.9,
            beat => drawn[beat] > 0.7 ? BeatLabel.Ventricular : BeatLabel.Normal);

        Assert.Equal(Over(beats), Over(beats, restored: true));
        Assert.Equal(Over(beats, shown: beat => shown[beat]), Over(beats, restored: true, shown: beat => shown[beat]));
    }

    [Fact]
    public void A_hole_of_a_window_ends_what_lasts()
    {
        var beats = Beats(90, beat => beat is >= 20 and < 60 ? 0.4 : 0.8).Where(beat => beat.Seconds is < 25 or > 60).ToList();

        var one = Assert.Single(Over(beats, hole: (26, 58)), one => one.Kind == EventKind.ExtremeTachycardia);

        Assert.InRange(one.EndIndex / RateHz, 20, 25);
    }

    private static List<(double Seconds, BeatLabel Label)> Beats(double seconds, Func<int, double> interval, Func<int, BeatLabel>? label = null)
    {
        var (at, beats) = (0.5, new List<(double, BeatLabel)>());
        for (var beat = 0; at < seconds; at += interval(beat++))
            beats.Add((at, label?.Invoke(beat) ?? BeatLabel.Normal));
        return beats;
    }

    private static List<SignalEvent> Over(
        List<(double Seconds, BeatLabel Label)> beats, double quality = 1, float noise = 0.01f, SignalKind signal = SignalKind.Ecg, bool restored = false,
        (int From, int To)? hole = null, Func<int, (float Certainty, float Repeat)>? shown = null) =>
        [.. Run(beats, quality, noise, signal, restored, hole, shown).SelectMany(window => window.Events).Where(one => one.IsOver)];

    /// <summary>Spikes of 1 mV at the beats, with noise; zero between them without.</summary>
    private static List<WindowResult> Run(
        List<(double Seconds, BeatLabel Label)> beats, double quality = 1, float noise = 0.01f, SignalKind signal = SignalKind.Ecg, bool restored = false,
        (int From, int To)? hole = null, Func<int, (float Certainty, float Repeat)>? shown = null, Func<double, (double Quality, EstimateStatus Status)>? rate = null, RateModel? model = null)
    {
        var seconds = (int)beats[^1].Seconds + 2;
        var (random, lead) = (new Random(1), new short[seconds * RateHz]);
        for (var i = 0; i < lead.Length; i++)
            lead[i] = (short)(1000 * noise * (2 * random.NextDouble() - 1));
        foreach (var (at, _) in beats)
            for (var i = -3; i <= 3; i++)
                lead[(int)(at * RateHz) + i] += (short)(1000 * (1 - Math.Abs(i) / 4.0));
        var chunks = Enumerable.Range(0, seconds).Where(second => hole is null || second < hole.Value.From || second >= hole.Value.To).Select(second => Chunks.Of(
            lead[(second * RateHz)..((second + 1) * RateHz)], (long)RateHz * second, rateHz: RateHz, count: RateHz, channels: Layout, end: second == seconds - 1));
        return [.. StreamRun.Of(chunks, first => [new Source(beats, rate ?? (_ => (quality, EstimateStatus.Ok)), signal, shown, model), restored ? new Restored(first.Channels) : new RhythmStage(first.Channels, RateHz, signal)])];
    }

    /// <summary>Gives labelled beats, a second late.</summary>
    private sealed class Source(
        List<(double Seconds, BeatLabel Label)> beats, Func<double, (double Quality, EstimateStatus Status)> rate, SignalKind signal, Func<int, (float Certainty, float Repeat)>? shown, RateModel? model) : IWindowStage
    {
        private int _next;

        public string StateName => "beats";

        public int StateVersion => 1;

        public void Accept(in Window window, StageOutput output)
        {
            var (quality, status) = rate(window.EndIndex / (double)RateHz);
            var estimate = new Estimate(signal, Metric.HeartRate, status == EstimateStatus.Ok ? 75 : double.NaN, 1, quality, 1, status, "test");
            if (model is not null)
                output.Ask(model).Set(startsAnew: false, estimate, usable: 1, new PpgVerdict(HasPulse: true, CountedRate: double.NaN));
            else
                output.Estimates.Add(estimate);
            for (; _next < beats.Count && beats[_next].Seconds < window.EndIndex / (double)RateHz - 1; _next++)
            {
                var (certainty, repeat) = shown?.Invoke(_next) ?? (float.NaN, float.NaN);
                output.Beats.Add(new Beat(beats[_next].Seconds * RateHz, signal, BeatKind.Qrs)
                {
                    Label = beats[_next].Label,
                    Probability = 0.9f,
                    Certainty = certainty,
                    Repeat = repeat,
                });
            }
        }

        public void Finish(in Window tail, StageOutput output)
        {
        }

        public void Reset()
        {
        }

        public void Transfer(StateTransfer state) => state.Value(ref _next);
    }

    /// <summary>A stage that is made anew from its bytes before each window.</summary>
    private sealed class Restored(ChannelLayout channels) : IWindowStage
    {
        private RhythmStage _stage = new(channels, RateHz, SignalKind.Ecg);

        public string StateName => "restored";

        public int StateVersion => 1;

        public void Accept(in Window window, StageOutput output)
        {
            Renew();
            _stage.Accept(window, output);
        }

        public void Finish(in Window tail, StageOutput output)
        {
            Renew();
            _stage.Finish(tail, output);
        }

        public void Reset() => _stage.Reset();

        public void Transfer(StateTransfer state) => _stage.Transfer(state);

        private void Renew()
        {
            var state = new StateTransfer();
            state.BeginWriting(_stage.StateVersion);
            _stage.Transfer(state);
            var bytes = state.EndWriting();
            Assert.InRange(bytes.Length, 100, 700);
            _stage = new RhythmStage(channels, RateHz, SignalKind.Ecg);
            state.BeginReading(bytes, _stage.StateVersion);
            _stage.Transfer(state);
            Assert.Null(state.EndReading());
        }
    }
}
