using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Simulation;

public class SimulatedBedTests
{
    private static readonly BedScenario Calm = new() { Patient = new("P1"), Seed = 1, Start = new(0), RestingRate = 72, HasAbp = true, EcgLeadCount = 2 };

    [Fact]
    public void Beats_follow_the_rate_that_was_asked_for()
    {
        foreach (var rate in (double[])[40, 72, 110, 180])
        {
            var (_, beats) = Run(Calm with { RestingRate = rate, Variability = 0 }, 60);

            Assert.Equal(rate, TrueBeat.HeartRate(beats, 0, 60), 1e-6);
            Assert.All(beats.Zip(beats.Skip(1)), pair => Assert.Equal(60 / rate, pair.Second.Seconds - pair.First.Seconds, 1e-9));
        }
    }

    [Fact]
    public void Variability_is_that_of_a_healthy_heart_at_rest_and_of_fibrillation()
    {
        double Rmssd(BedScenario scenario)
        {
            var (_, beats) = Run(scenario, 300);
            var intervals = beats.Zip(beats.Skip(1), (a, b) => b.Seconds - a.Seconds).ToList();
            return 1000 * Math.Sqrt(intervals.Zip(intervals.Skip(1), (a, b) => (b - a) * (b - a)).Average());
        }

        // Normal values of RMSSD: 42 (19 to 75) ms (Nunan 2010, https://doi.org/10.1111/j.1540-8159.2010.02841.x).
        Assert.InRange(Rmssd(Calm), 15, 75);
        Assert.InRange(Rmssd(Calm with { Activity = PatientActivity.Irregular }), 120, 350);
    }

    [Theory]
    [InlineData("ppg", 0)]
    [InlineData("ecg", 0)]
    [InlineData("ecg", 1)]
    [InlineData("abp", 0)]
    public void The_spectrum_of_every_signal_repeats_at_the_heart_rate(string device, int channel)
    {
        foreach (var rate in (double[])[48, 72, 130])
        {
            var (chunks, _) = Run(Calm with { RestingRate = rate, Variability = 0, Noise = 0 }, 32);
            var (values, rateHz) = Physical(chunks, device, channel);

            Assert.Equal(rate, 60 * Fundamental(values, rateHz), 1.5);
        }
    }

    [Fact]
    public void R_peaks_lie_where_the_truth_says()
    {
        var (chunks, beats) = Run(Calm with { Noise = 0, EcgLeadCount = 1 }, 30);
        var (ecg, rateHz) = Physical(chunks, "ecg", 0);

        foreach (var beat in beats.Where(beat => beat.Seconds is > 0.5 and < 29.5))
        {
            var at = (int)Math.Round(beat.Seconds * rateHz);
            var highest = Enumerable.Range(at - 75, 150).MaxBy(i => ecg[i]);
            Assert.InRange(highest / rateHz - beat.Seconds, -0.005, 0.005);
        }
    }

    [Fact]
    public void A_pulse_rises_most_steeply_just_after_its_foot()
    {
        var (chunks, beats) = Run(Calm with { Noise = 0 }, 30);
        foreach (var (device, foot) in (ReadOnlySpan<(string, Func<TrueBeat, double>)>)[("ppg", beat => beat.PpgFootSeconds), ("abp", beat => beat.AbpFootSeconds)])
        {
            var (values, rateHz) = Physical(chunks, device, 0);
            foreach (var beat in beats.Where(beat => beat.Seconds is > 1 and < 28))
            {
                var at = (int)Math.Round(foot(beat) * rateHz);
                var steepest = Enumerable.Range(at - 35, 70).MaxBy(i => values[i + 1] - values[i - 1]);
                Assert.InRange((steepest - at) / rateHz, 0.02, 0.15);
            }
        }
    }

    [Fact]
    public void Running_shows_in_the_accelerometer_and_in_the_PPG_at_the_same_cadence()
    {
        var (chunks, beats) = Run(Calm with { Activity = PatientActivity.Exercise }, 440);
        var (x, rateHz) = Physical(chunks, "ppg", 1);
        var (ppg, _) = Physical(chunks, "ppg", 0);
        var running = (360 * (int)rateHz)..(424 * (int)rateHz);
        var still = (10 * (int)rateHz)..(74 * (int)rateHz);

        var cadence = Peak(x[running], rateHz, 1.8, 3.5);

        Assert.InRange(cadence, 2.2, 3);
        Assert.InRange(Peak(ppg[running], rateHz, 1.8, 3.5) - cadence, -0.15, 0.15);
        Assert.True(Deviation(x[running]) > 20 * Deviation(x[still]));
        Assert.InRange(TrueBeat.HeartRate(beats, 400, 440), 145, 175);
        Assert.InRange(TrueBeat.HeartRate(beats, 0, 60), 66, 78);
    }

    [Fact]
    public void The_same_scenario_gives_the_same_chunks_and_another_seed_others()
    {
        var scenario = Calm with { Activity = PatientActivity.Exercise, Faults = DeviceFaults.Usual };
        byte[] Bytes(BedScenario of) => [.. Run(of, 300).Chunks.SelectMany(chunk => chunk.Samples.ToArray())];

        Assert.Equal(Bytes(scenario), Bytes(scenario));
        Assert.NotEqual(Bytes(scenario), Bytes(scenario with { Seed = 2 }));
    }

    [Fact]
    public void Every_fault_comes_and_is_said_as_devices_say_it()
    {
        var (chunks, _) = Run(Calm with { Faults = new(20, 20, 20, 20, 50) }, 3600);

        foreach (var device in chunks.GroupBy(chunk => chunk.Device))
        {
            var list = device.ToList();
            Assert.All(list, chunk => Assert.Null(chunk.FindFault()));
            var pairs = list.Zip(list.Skip(1)).ToList();
            Assert.Contains(pairs, pair => pair.Second.Epoch == pair.First.Epoch && pair.Second.FirstSampleIndex > pair.First.EndSampleIndex);
            Assert.Contains(pairs, pair => pair.Second.Epoch == pair.First.Epoch + 1 && pair.Second.FirstSampleIndex == 0);
            Assert.All(pairs, pair => Assert.True(pair.Second.Epoch > pair.First.Epoch || pair.Second.FirstSampleIndex >= pair.First.EndSampleIndex));
            Assert.Contains(list, chunk => chunk.Int16(0).IndexOfAnyExcept(chunk.Int16(0)[0]) < 0);
            Assert.Equal(device.Key == "ecg", list.Exists(chunk => chunk.LeadOff == 3));
            // 50 millionths of an hour are 0.18 s at most; this device's share was drawn.
            var drift = list[^1].FirstSampleTime.SecondsSince(new(0)) - Math.Round(list[^1].FirstSampleTime.SecondsSince(new(0)));
            Assert.InRange(Math.Abs(drift), 1e-4, 0.181);
        }
    }

    [Fact]
    public void The_last_second_ends_every_stream()
    {
        var bed = new SimulatedBed(Calm);
        var chunks = new List<SampleChunk>();

        bed.Next(chunks);
        bed.Next(chunks, isLast: true);

        Assert.Equal(["ppg", "ecg", "abp"], chunks.Where(chunk => chunk.EndOfStream).Select(chunk => chunk.Device));
        Assert.Equal(3, chunks.Count(chunk => !chunk.EndOfStream));
    }

    [Fact]
    public void A_second_of_a_bed_allocates_its_chunks_and_nothing_else()
    {
        var bed = new SimulatedBed(SimulatedWard.Bed(2, 1, new(0), 0, DeviceFaults.Usual));
        var chunks = new List<SampleChunk>(8);
        for (var i = 0; i < 400; i++, chunks.Clear())
            bed.Next(chunks);

        var perChunk = Allocation.Least(() =>
        {
            var (before, count) = (GC.GetAllocatedBytesForCurrentThread(), 0);
            for (var i = 0; i < 600; i++, count += chunks.Count, chunks.Clear())
                bed.Next(chunks);
            return (GC.GetAllocatedBytesForCurrentThread() - before) / count;
        });

        Assert.InRange(perChunk, 0, 1400);
    }

    private static (List<SampleChunk> Chunks, List<TrueBeat> Beats) Run(BedScenario scenario, int seconds)
    {
        var bed = new SimulatedBed(scenario);
        var (chunks, beats) = (new List<SampleChunk>(), new List<TrueBeat>());
        for (var i = 0; i < seconds; i++)
            bed.Next(chunks, beats);
        return (chunks, beats);
    }

    private static (float[] Values, double RateHz) Physical(List<SampleChunk> chunks, string device, int channel)
    {
        var own = chunks.Where(chunk => chunk.Device == device).ToList();
        var gain = (float)own[0].Channels[channel].Gain;
        return ([.. own.SelectMany(chunk => chunk.Int16(channel).ToArray().Select(stored => stored / gain))], own[0].RateHz);
    }

    private static double Deviation(float[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
    }

    /// <summary>Frequency whose first four harmonics hold the most amplitude together: a beat's spectrum need not peak at its first.</summary>
    private static double Fundamental(float[] values, double rateHz)
    {
        var grid = Enumerable.Range(0, 180).Select(i => 0.6 + i * 0.01).ToList();
        return grid.MaxBy(f => Amplitude(values, rateHz, f) + Amplitude(values, rateHz, 2 * f) + Amplitude(values, rateHz, 3 * f) + Amplitude(values, rateHz, 4 * f));
    }

    private static double Peak(float[] values, double rateHz, double low, double high) =>
        Enumerable.Range(0, (int)((high - low) / 0.01)).Select(i => low + i * 0.01).MaxBy(f => Amplitude(values, rateHz, f));

    // One bin of the discrete Fourier transform by its definition: independent of the product's FFT.
    private static double Amplitude(float[] values, double rateHz, double frequency)
    {
        double re = 0, im = 0;
        var mean = values.Average();
        for (var i = 0; i < values.Length; i++)
        {
            var (sin, cos) = Math.SinCos(2 * Math.PI * frequency * i / rateHz);
            var value = (values[i] - mean) * (0.5 - 0.5 * Math.Cos(2 * Math.PI * i / values.Length));
            (re, im) = (re + value * cos, im - value * sin);
        }
        return Math.Sqrt(re * re + im * im) / values.Length;
    }
}
