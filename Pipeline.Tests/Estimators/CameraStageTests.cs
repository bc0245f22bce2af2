using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Models.State;
using Pipeline.Tests.State;
using Xunit;

namespace Pipeline.Tests.Estimators;

/// <summary>Simulated faces and fingertips before a camera, and what is no pulse.</summary>
public sealed class CameraStageTests
{
    private const int Seconds = 80;

    [Theory]
    [InlineData(0, 52)]
    [InlineData(0.4, 75)]
    [InlineData(0.6, 121)]
    [InlineData(0.3, 190)]
    [InlineData(1, 66)]
    public void The_rate_of_a_face_is_found_whatever_its_skin(double tone, double rate)
    {
        var run = Run(new CameraScene { Tone = tone, Noise = 0.03 }, rate);

        Assert.True(run.OkPart > 0.7, $"{run.OkPart}");
        Assert.InRange(run.MeanError, 0, 2.5);
    }

    [Fact]
    public void Light_that_is_switched_and_frames_that_are_dropped_leave_the_rate_right()
    {
        var run = Run(new CameraScene { LightChangesPerMinute = 6, Dropped = 0.1 }, 80);

        Assert.True(run.OkPart > 0.5, $"{run.OkPart}");
        Assert.InRange(run.MeanError, 0, 2.5);
        Assert.All(run.Rates, rate => Assert.InRange(rate.Coverage, 0.5, 0.999));
    }

    [Fact]
    public void Pulses_of_a_fingertip_are_found_between_frames()
    {
        var run = Run(new CameraScene { Subject = CameraSubject.Fingertip, Noise = 0.02, Movement = 0.0005 }, 70);

        var feet = run.Beats.Select(beat => beat.PpgFootSeconds).Where(foot => foot is > 2 and < Seconds - 3).ToList();
        var pulses = run.Pulses;
        var distances = feet.ConvertAll(foot => pulses.Select(pulse => pulse - foot).MinBy(Math.Abs));
        var mean = distances.Average();
        Assert.All(distances, distance => Assert.InRange(distance - mean, -0.03, 0.03));
        Assert.InRange(Math.Sqrt(distances.Average(distance => (distance - mean) * (distance - mean))), 0, 0.01);      // a third of a frame
        Assert.InRange(pulses.Count(pulse => pulse > 2 && pulse < Seconds - 3), feet.Count - 1, feet.Count + 1);
    }

    [Fact]
    public void Variability_over_a_minute_is_that_of_the_heart()
    {
        var run = Run(new CameraScene { Subject = CameraSubject.Fingertip, Noise = 0.02, Movement = 0.0005 }, 70);

        var rmssd = Assert.Single(run.Estimates, one => one.Metric == Metric.Rmssd);
        var sdnn = Assert.Single(run.Estimates, one => one.Metric == Metric.Sdnn);
        var intervals = run.Beats.Where(beat => beat.PpgFootSeconds is > 0 and < 60).Select(beat => beat.PpgFootSeconds).ToList();
        var lengths = intervals.Zip(intervals.Skip(1), (a, b) => 1000 * (b - a)).ToList();
        var truth = Math.Sqrt(lengths.Zip(lengths.Skip(1), (a, b) => (b - a) * (b - a)).Average());
        Assert.InRange(rmssd.Value, truth - 6, truth + 6);
        Assert.Equal(EstimateStatus.Ok, sdnn.Status);
        Assert.DoesNotContain(run.Estimates, one => one.Metric is Metric.LowFrequencyPower or Metric.RespiratoryRate);
    }

    [Fact]
    public void An_empty_chair_has_no_rate()
    {
        CameraScene[] scenes =
        [
            new() { Movement = 0.0001 }, new() { Movement = 0.02 }, new() { Noise = 0.5 }, new() { LightChangesPerMinute = 5 }, new() { Dropped = 0.1 },
        ];
        var windows = scenes.SelectMany((scene, i) => Run(scene with { Subject = CameraSubject.Lifeless }, 70, seed: 40 + i).Rates).ToList();

        Assert.InRange(windows.Count(rate => rate.Status == EstimateStatus.Ok), 0, windows.Count / 100);
    }

    [Theory]
    [InlineData(2.2f, EstimateStatus.Saturated)]
    [InlineData(0f, EstimateStatus.Flat)]
    public void What_is_over_or_underexposed_says_so(float light, EstimateStatus wanted)
    {
        var rates = Run(new CameraScene { Light = light }, 70).Rates;

        Assert.All(rates, rate => Assert.Equal(wanted, rate.Status));
    }

    [Fact]
    public void Frames_that_do_not_come_are_a_gap()
    {
        var rates = Run(new CameraScene { Dropped = 2.6 }, 70).Rates;

        Assert.All(rates, rate => Assert.Equal(EstimateStatus.Gap, rate.Status));
    }

    [Fact]
    public void A_fingertip_that_comes_in_place_of_a_face_is_told_and_pulses_stay_in_order()
    {
        var face = Chunks(new CameraScene(), 72, 3).Chunks;
        var fingertip = Chunks(new CameraScene { Subject = CameraSubject.Fingertip }, 72, 3).Chunks;
        var chunks = face.Take(30).Concat(fingertip.Skip(30).Take(25)).Concat(face.Skip(55)).ToList();

        var results = StreamRun.Of(chunks).ToList();

        var pulses = results.SelectMany(result => result.Beats).Select(beat => beat.SampleIndex).ToList();
        Assert.Equal(pulses.Order(), pulses);
        Assert.Equal(pulses.Distinct(), pulses);
        var last = results.Where(result => result.Window.StartIndex is > 40 * 30 and < 46 * 30).Select(result => Rate(result));
        Assert.Contains(last, rate => rate.Status == EstimateStatus.Ok && Math.Abs(rate.Value - 72) < 8);
    }

    [Fact]
    public void What_comes_out_does_not_depend_on_how_the_frames_are_cut_into_chunks()
    {
        var frames = Samples(new CameraScene { Dropped = 0.02 });
        var layout = Layout("R", "G", "B");

        var whole = StreamRun.Of(StreamRun.Chunks(frames, layout, 30)).Select(Text).ToList();
        var cut = StreamRun.Of(StreamRun.Chunks(frames, layout, 30, 7)).Select(Text).ToList();

        Assert.Equal(whole, cut);
    }

    [Theory]
    [InlineData("B", "G", "R")]
    [InlineData("Blue", "green", "red")]
    public void Colours_are_told_by_their_names(params string[] names)
    {
        var frames = Samples(new CameraScene());

        var inOrder = StreamRun.Of(StreamRun.Chunks(frames, Layout("R", "G", "B"), 30)).Select(Text);
        var named = StreamRun.Of(StreamRun.Chunks([frames[2], frames[1], frames[0]], Layout(names), 30)).Select(Text);

        Assert.Equal(inOrder, named);
    }

    [Fact]
    public void A_single_colour_is_enough_for_a_fingertip()
    {
        var frames = Samples(new CameraScene { Subject = CameraSubject.Fingertip });

        var rates = StreamRun.Of(StreamRun.Chunks([frames[1]], Layout("G"), 30)).Where(result => !result.Window.IsTail).Select(Rate).ToList();

        Assert.Contains(rates, rate => rate.Status == EstimateStatus.Ok);
    }

    [Theory]
    [InlineData(CameraSubject.Face)]
    [InlineData(CameraSubject.Fingertip)]
    public void A_snapshot_goes_on_as_if_nothing_had_happened(CameraSubject subject)
    {
        var chunks = Chunks(new CameraScene { Subject = subject, Dropped = 0.01 }, 72, 5).Chunks;
        var whole = new PatientRun();
        foreach (var chunk in chunks.Take(33))
            whole.Take(chunk);

        var restored = PatientRun.Restore(SnapshotCodec.Encode(whole.Capture(new StateTransfer())), out var told)!;

        Assert.Null(told);
        foreach (var chunk in chunks.Skip(33))
            Assert.Equal(whole.Take(chunk), restored.Take(chunk));
    }

    private sealed record CameraOutput(List<WindowResult> Results, List<TrueBeat> Beats)
    {
        public IEnumerable<Estimate> Estimates => Results.SelectMany(result => result.Estimates);

        public List<Estimate> Rates => [.. Estimates.Where(one => one.Metric == Metric.HeartRate)];

        public List<double> Pulses => [.. Results.SelectMany(result => result.Beats).Select(beat => beat.SampleIndex / 30)];

        public double OkPart => Rates.Average(rate => rate.Status == EstimateStatus.Ok ? 1.0 : 0);

        public double MeanError => Results.Where(result => !result.Window.IsTail && Rate(result).Status == EstimateStatus.Ok)
            .Average(result => Math.Abs(Rate(result).Value - TrueBeat.HeartRate(Beats, result.Window.StartIndex / 30.0, result.Window.EndIndex / 30.0)));
    }

    private static CameraOutput Run(CameraScene scene, double rate, int seed = 7)
    {
        var (chunks, beats) = Chunks(scene, rate, seed);
        return new CameraOutput([.. StreamRun.Of(chunks)], beats);
    }

    private static (List<SampleChunk> Chunks, List<TrueBeat> Beats) Chunks(CameraScene scene, double rate, int seed)
    {
        var bed = new SimulatedBed(new BedScenario
        {
            Patient = new PatientId("P"),
            Seed = seed,
            Start = default,
            RestingRate = rate,
            Variability = rate > 100 ? 0.4 : 1,
            HasPpg = false,
            EcgLeadCount = 0,
            Camera = scene,
        });
        var (chunks, beats) = (new List<SampleChunk>(), new List<TrueBeat>());
        for (var second = 0; second < Seconds; second++)
            bed.Next(chunks, beats, second == Seconds - 1);
        return (chunks, beats);
    }

    private static float[][] Samples(CameraScene scene)
    {
        var chunks = Chunks(scene, 72, 9).Chunks;
        return [.. Enumerable.Range(0, 3).Select(c => chunks.SelectMany(chunk =>
        {
            return chunk.Int16(c).ToArray().Select(stored => stored == SampleChunk.MissingInt16 ? float.NaN : stored / (float)chunk.Channels[c].Gain);
        }).ToArray())];
    }

    private static ChannelLayout Layout(params string[] names) => new([.. names.Select(name => new Channel(name, SignalKind.Camera, "1"))]);

    private static Estimate Rate(WindowResult result) => result.Estimates.Single(one => one.Metric == Metric.HeartRate);

    private static string Text(WindowResult result) => string.Join(' ', [.. result.Estimates.Select(one => one.ToString()), .. result.Beats.Select(beat => beat.ToString())]);
}
