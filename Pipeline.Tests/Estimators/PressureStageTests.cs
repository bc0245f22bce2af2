using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Models.State;
using Pipeline.Tests.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimators;

public sealed class PressureStageTests
{
    private const int Seconds = 90;
    private static readonly Metric[] Pressures = [Metric.Systolic, Metric.Diastolic, Metric.MeanPressure, Metric.PulsePressure];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_pressures_of_a_window_are_those_of_its_beats(int seed)
    {
        var (windows, truth) = Run(Bed(seed));

        var errors = new List<double>();
        foreach (var window in windows)
        {
            var (start, end) = (window.Window.StartIndex / 125.0, window.Window.EndIndex / 125.0);
            var beats = truth.Where((beat, i) => beat.FootSeconds >= start && i + 1 < truth.Count && truth[i + 1].FootSeconds < end).ToArray();
            errors.Add(Of(window, Metric.Systolic).Value - Median(beats, beat => beat.Systolic));
            errors.Add(Of(window, Metric.Diastolic).Value - Median(beats, beat => beat.Diastolic));
            errors.Add(Of(window, Metric.MeanPressure).Value - beats.Average(beat => beat.Mean));
            Assert.Equal(Of(window, Metric.Systolic).Value - Of(window, Metric.Diastolic).Value, Of(window, Metric.PulsePressure).Value, 1e-3);
        }
        Assert.All(errors, error => Assert.InRange(error, -3, 3));
        Assert.InRange(errors.Average(Math.Abs), 0, 0.5);
    }

    [Theory]
    [InlineData(LineFaultKind.Overdamped, EstimateStatus.Overdamped)]
    [InlineData(LineFaultKind.Flush, EstimateStatus.Flushed)]
    [InlineData(LineFaultKind.Air, EstimateStatus.Zeroed)]
    [InlineData(LineFaultKind.Calibration, EstimateStatus.Calibrating)]
    public void A_fault_of_the_line_is_told_and_takes_the_values_away(LineFaultKind kind, EstimateStatus status)
    {
        var (windows, _) = Run(Bed(3) with { LineFaults = [new LineFault(kind, 40, 60)] });

        Assert.All(windows.Where(one => one.Window.StartIndex >= 40 * 125 && one.Window.EndIndex <= 60 * 125),
            one => Assert.Equal(status, Of(one, Metric.Systolic).Status));
        Assert.All(windows.Where(one => one.Window.EndIndex <= 40 * 125 || one.Window.StartIndex >= 62 * 125),
            one => Assert.Equal(EstimateStatus.Ok, Of(one, Metric.Systolic).Status));
    }

    [Fact]
    public void Behind_a_line_that_damps_the_mean_pressure_has_a_value_and_the_others_have_none()
    {
        var (windows, truth) = Run(Bed(3) with { LineFaults = [new LineFault(LineFaultKind.Overdamped, 40, 60)] });

        var damped = windows.Single(one => one.Window.StartIndex == 50 * 125);
        Assert.Equal(truth.Where(beat => beat.FootSeconds is > 50 and < 58).Average(beat => beat.Mean), Of(damped, Metric.MeanPressure).Value, 2.0);
        Assert.All([Metric.Systolic, Metric.Diastolic, Metric.PulsePressure], metric => Assert.True(double.IsNaN(Of(damped, metric).Value)));
    }

    [Fact]
    public void A_line_that_rings_is_told_where_it_shows_pressures_that_are_too_high()
    {
        var (windows, truth) = Run(Bed(4) with { RestingRate = 85, LineFaults = [new LineFault(LineFaultKind.Underdamped, 40, 80)] });

        var within = windows.Where(one => one.Window.StartIndex >= 42 * 125 && one.Window.EndIndex <= 80 * 125).ToArray();
        Assert.True(within.Count(one => Of(one, Metric.Systolic).Status == EstimateStatus.Underdamped) >= 0.9 * within.Length);
    }

    [Fact]
    public void A_line_that_clots_has_no_pressures_and_a_heart_that_stops_is_no_clot()
    {
        var (clotted, _) = Run(Bed(3) with { LineFaults = [new LineFault(LineFaultKind.Clot, 40, 90)] });
        var (samples, rateHz) = (Samples(Bed(3)), 125);
        for (var i = 40 * rateHz; i < samples.Length; i++)      // the pressure falls to that of the filled vessels
            samples[i] = (float)(20 + 60 * Math.Exp(-(i - 40 * rateHz) / (6.0 * rateHz)));
        var arrest = Run(samples, rateHz, "mm[Hg]");

        Assert.Equal(EstimateStatus.Clotted, Of(clotted[^1], Metric.Systolic).Status);
        Assert.All(clotted.Where(one => one.Window.StartIndex >= 50 * 125), one => Assert.NotEqual(EstimateStatus.Ok, Of(one, Metric.Systolic).Status));
        Assert.All(arrest, one => Assert.NotEqual(EstimateStatus.Clotted, Of(one, Metric.Systolic).Status));
        Assert.All(arrest.Where(one => one.Window.StartIndex >= 40 * 125), one => Assert.NotEqual(EstimateStatus.Ok, Of(one, Metric.MeanPressure).Status));
    }

    [Fact]
    public void Kilopascals_are_converted_and_without_a_unit_there_is_a_rate_alone()
    {
        var samples = Samples(Bed(5));
        var millimetres = Run(samples, 125, "mm[Hg]");

        var kilopascals = Run([.. samples.Select(value => value * 0.133322f)], 125, "kPa");
        var unknown = Run(samples, 125, "1");

        for (var i = 0; i < millimetres.Length; i++)
            Assert.Equal(Of(millimetres[i], Metric.Systolic).Value, Of(kilopascals[i], Metric.Systolic).Value, 0.05);
        Assert.All(unknown, one => Assert.All(Pressures, metric => Assert.Equal(EstimateStatus.NoUnit, Of(one, metric).Status)));
        Assert.Contains(unknown, one => Of(one, Metric.HeartRate).Status == EstimateStatus.Ok);
    }

    [Fact]
    public void A_snapshot_keeps_what_the_line_was_like()
    {
        var chunks = new List<SampleChunk>();
        var bed = new SimulatedBed(Bed(3) with { LineFaults = [new LineFault(LineFaultKind.Overdamped, 40, 90)] });
        for (var second = 0; second < Seconds; second++)
            bed.Next(chunks);
        static IWindowStage[] Stages(SampleChunk first) => Models.Estimators.Stages.Create(first.Channels, first.RateHz);
        var whole = new PatientRun(Stages);
        var before = new PatientRun(Stages);
        foreach (var chunk in chunks.Take(45))
            (_, _) = (whole.Take(chunk), before.Take(chunk));

        var restored = PatientRun.Restore(SnapshotCodec.Encode(before.Capture(new StateTransfer())), out _, Stages)!;

        foreach (var chunk in chunks.Skip(45))
            Assert.Equal(whole.Take(chunk), restored.Take(chunk));
    }

    private static BedScenario Bed(int seed) => new()
    {
        Patient = new PatientId("P-1"),
        Start = Points.Start,
        Seed = seed,
        HasPpg = false,
        EcgLeadCount = 0,
        HasAbp = true,
    };

    private static (WindowResult[] Windows, List<TruePressure> Truth) Run(BedScenario scenario)
    {
        var (bed, chunks, truth) = (new SimulatedBed(scenario), new List<SampleChunk>(), new List<TruePressure>());
        for (var second = 0; second < Seconds; second++)
            bed.Next(chunks, pressures: truth);
        return ([.. StreamRun.Of(chunks).Where(one => !one.Window.IsTail)], truth);
    }

    private static WindowResult[] Run(float[] samples, double rateHz, string unit) =>
        [.. StreamRun.Of(StreamRun.Chunks([samples], new ChannelLayout(new Channel("ABP", SignalKind.Abp, unit)), rateHz)).Where(one => !one.Window.IsTail)];

    private static float[] Samples(BedScenario scenario)
    {
        var (bed, chunks) = (new SimulatedBed(scenario), new List<SampleChunk>());
        for (var second = 0; second < Seconds; second++)
            bed.Next(chunks);
        return [.. chunks.SelectMany(chunk => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, short>(chunk.Samples.Span).ToArray()).Select(value => value / 100f)];
    }

    private static Estimate Of(WindowResult window, Metric metric) => window.Estimates.Single(estimate => estimate.Metric == metric);

    private static double Median(TruePressure[] beats, Func<TruePressure, double> of)
    {
        var sorted = beats.Select(of).Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
