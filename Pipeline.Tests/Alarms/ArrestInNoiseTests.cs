using System.Runtime.InteropServices;
using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Support;
using Xunit;
using static Pipeline.Tests.Alarms.AlarmRun;

namespace Pipeline.Tests.Alarms;

/// <summary>An arrest while the ECG is full of noise: the pulses of the other signals tell it.</summary>
public sealed class ArrestInNoiseTests
{
    private const int Begin = 60, End = 80;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Asystole_in_noise_of_the_ECG_is_alarmed_about_within_10_s_by_the_pulses_that_stand_still(bool hasPpg, bool hasAbp)
    {
        var alarms = await AlarmsOf(Bed(hasPpg, hasAbp) with { Episodes = [new HeartEpisode(EventKind.Asystole, Begin, End)] }, (_, _) => { });

        var first = Assert.Single(alarms, one => one.Action == AlarmAction.Raised && one.Alarm!.Kind == AlarmKind.Asystole);
        Assert.InRange(first.At.SecondsSince(Points.Start), Begin + 4, Begin + 10);
        Assert.Matches("^no pulse in (abp of abp|ppg of ppg)", first.Alarm!.Reason);
    }

    [Fact]
    public async Task Noise_of_the_ECG_alone_is_none() => Assert.Empty(await AsystolesOf((_, _) => { }));

    [Fact]
    public async Task Sensors_that_come_off_are_none()
    {
        var random = new Random(4);
        // Nothing at all; and the noise of a sensor in the air, another level of light, a transducer at zero.
        Assert.Empty(await AsystolesOf((device, samples) => samples.Clear()));
        Assert.Empty(await AsystolesOf((device, samples) =>
        {
            foreach (ref var sample in samples)
                sample = (short)((device == "ppg" ? 20_000 : 0) + random.Next(-40, 40));
        }));
    }

    [Fact]
    public void A_pulse_that_goes_on_in_another_signal_or_an_ECG_with_beats_or_a_closed_line_speaks_against_it()
    {
        var (noise, ppg, abp) = (Rate(null), Rate(null, SignalKind.Ppg) with { StandsStill = true }, Rate(null, SignalKind.Abp, EstimateStatus.NoPulse));

        Assert.Equal("8 asystole raised", new AlarmRun().From(8, 20, noise, ppg, abp).Said.First());
        Assert.Empty(new AlarmRun().From(8, 20, noise, ppg, Rate(75, SignalKind.Abp)).Said);
        Assert.Empty(new AlarmRun().From(8, 20, Rate(75), ppg, abp).Said);
        Assert.Empty(new AlarmRun().From(8, 20, noise, Rate(null, SignalKind.Ppg), abp, Rate(null, SignalKind.Abp, EstimateStatus.Clotted, Metric.Systolic)).Said);
        // A cuff on the arm of the PPG, while there is no ECG or its electrodes are off.
        Assert.Empty(new AlarmRun().From(8, 16, ppg).Said);
        Assert.Empty(new AlarmRun().From(8, 16, Rate(null, without: EstimateStatus.Gap), ppg).Said);
    }

    private static BedScenario Bed(bool hasPpg, bool hasAbp) => new()
    {
        Patient = new PatientId("P-1"),
        Ward = "w",
        Bed = "b",
        Seed = 3,
        Start = Points.Start,
        HasPpg = hasPpg,
        HasAbp = hasAbp,
    };

    /// <summary>Of a bed whose heart goes on, with something done to the samples of PPG and pressure.</summary>
    private static async Task<IEnumerable<AlarmChange>> AsystolesOf(SamplesAction toOthers) =>
        (await AlarmsOf(Bed(hasPpg: true, hasAbp: true), toOthers)).Where(one => one.Alarm is { Kind: AlarmKind.Asystole });

    /// <summary>The ECG has noise from 5 s before the begin to the end.</summary>
    private static async Task<List<AlarmChange>> AlarmsOf(BedScenario scenario, SamplesAction toOthers)
    {
        var (bed, chunks, random, wander) = (new SimulatedBed(scenario), new List<SampleChunk>(), new Random(1), 0.0);
        while (bed.Seconds < End + 4)
            bed.Next(chunks, isLast: bed.Seconds == End + 3);
        for (var c = 0; c < chunks.Count; c++)
        {
            var (chunk, second) = (chunks[c], chunks[c].FirstSampleIndex / chunks[c].RateHz);
            var bytes = chunk.Samples.ToArray();
            var samples = MemoryMarshal.Cast<byte, short>(bytes.AsSpan());
            if (chunk.Device == "ecg" && second >= Begin - 5 && second < End)
                foreach (ref var sample in samples)
                {
                    wander += 0.1 * (2 * random.NextDouble() - 1 - wander);
                    sample = (short)(sample + 600 * (2 * random.NextDouble() - 1) + 5_000 * wander);
                }
            else if (chunk.Device != "ecg" && second >= Begin && second < End)
                toOthers(chunk.Device, samples[..chunk.SampleCount]);
            chunks[c] = chunk with { Samples = bytes };
        }
        await using var sink = new HeldSink();
        await using var partitions = TestPartitions.Of(new TopologyOptions(), [sink], TimeProvider.System, alarms: new AlarmRules());
        await Topology.RunAsync(new InMemorySource(chunks), partitions, CancellationToken.None);
        return [.. sink.Points.Where(point => point.Alarm is not null).Select(point => point.Alarm!)];
    }

    private delegate void SamplesAction(string device, Span<short> samples);
}
