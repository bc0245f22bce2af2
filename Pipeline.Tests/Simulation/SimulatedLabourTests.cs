using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Simulation;

public sealed class SimulatedLabourTests
{
    /// <summary>Nothing happens.</summary>
    private static readonly LabourScenario Quiet = new()
    {
        RateHz = 250,
        AccelerationsPerHour = 0,
        BaselineChangesPerHour = 0,
        ContractionsPerTenMinutes = 0,
        MovementsPerHour = 0,
        SignalLoss = 0,
        ArtefactsPerHour = 0,
    };

    [Fact]
    public void Fetal_beats_follow_the_rate_that_was_asked_for()
    {
        foreach (var rate in (double[])[90, 140, 200])
        {
            var run = Run(Quiet with { FetalRate = rate, FetalVariability = 0 }, 20);
            var beats = run.Truth.Beats;

            Assert.InRange(beats.Count, rate / 3 - 1, rate / 3 + 1);
            Assert.All(beats.Zip(beats.Skip(1)), pair => Assert.Equal(60 / rate, pair.Second.Seconds - pair.First.Seconds, 1e-9));
        }
    }

    /// <summary>What is drawn does not depend on the fetus: what it adds to the leads is the difference.</summary>
    [Fact]
    public void The_fetal_R_peaks_lie_in_the_leads_where_the_truth_says()
    {
        var run = Run(Quiet, 30);
        var fetal = FetalEnergy(run, Run(Quiet with { HasFetus = false }, 30));

        foreach (var beat in run.Truth.Beats.Where(beat => beat.Seconds is > 0.5 and < 29.5))
        {
            var at = (int)Math.Round(beat.Seconds * 250);
            var highest = Enumerable.Range(at - 25, 50).MaxBy(i => fetal[i]);
            Assert.InRange(highest / 250.0 - beat.Seconds, -0.012, 0.012);
        }
        Assert.InRange(run.Truth.Beats.Count, 55, 80);
    }

    [Fact]
    public void The_fetal_R_wave_has_the_height_that_was_asked_for_and_the_mother_is_larger()
    {
        var labour = Quiet with { FetalSize = 20 };
        var (with, without) = (Run(labour, 20), Run(labour with { HasFetus = false }, 20));

        var largest = Enumerable.Range(0, 4).Select(lead => Leads(with, lead).Zip(Leads(without, lead), (a, b) => Math.Abs(a - b)).Max()).ToArray();

        Assert.All(largest, height => Assert.InRange(height, 0.001, 0.033));
        Assert.InRange(largest.Max(), 0.012, 0.033);
        Assert.All(Enumerable.Range(0, 4), lead => Assert.True(Deviation(Leads(without, lead)) > 0.01));
    }

    [Fact]
    public void A_movement_turns_the_fetal_heart_in_the_leads()
    {
        var labour = Quiet with { MovementsPerHour = 60 };
        var run = Run(labour, 300);
        var without = Run(labour with { HasFetus = false }, 300);
        var movement = run.Truth.Events.First(one => one.Kind == LabourEventKind.FetalMovement && one.BeginSeconds > 20 && one.Size > 40);

        double Likeness(double from, double to)
        {
            float[] Beat(double after)
            {
                var beat = run.Truth.Beats.First(one => one.Seconds > after);
                var at = (int)Math.Round(beat.Seconds * 250);
                return [.. Enumerable.Range(0, 4).SelectMany(lead => Enumerable.Range(at - 6, 12).Select(i => Leads(run, lead)[i] - Leads(without, lead)[i]))];
            }
            var (a, b) = (Beat(from), Beat(to));
            return a.Zip(b, (x, y) => x * y).Sum() / Math.Sqrt(a.Sum(x => x * x) * b.Sum(x => x * x));
        }

        Assert.InRange(Likeness(movement.BeginSeconds - 3, movement.BeginSeconds - 1.5), 0.75, 1);
        Assert.InRange(Likeness(movement.BeginSeconds - 1.5, movement.EndSeconds + 0.5), -1, 0.75);
    }

    [Fact]
    public void Where_the_device_picks_up_the_mother_nothing_is_left_of_the_fetus_and_the_trace_has_her_rate()
    {
        var labour = Quiet with { PickUpsPerHour = 30 };
        var run = Run(labour, 900);
        var fetal = FetalEnergy(run, Run(labour with { HasFetus = false }, 900));
        var episode = run.Truth.Events.First(one => one.Kind == LabourEventKind.MaternalPickUp);
        var (from, to) = (episode.BeginSeconds + 3, episode.EndSeconds - 3);

        Assert.InRange(to - from, 50, 180);
        Assert.Equal(0, Enumerable.Range((int)(from * 250), (int)((to - from) * 250)).Max(i => fetal[i]));
        Assert.All(run.Truth.Beats.Where(beat => beat.Seconds > from && beat.Seconds < to), beat => Assert.Equal(0, beat.Strength));
        for (var second = (int)from; second < (int)to; second++)
            Assert.InRange(Trace(run)[second * 4] - TrueBeat.HeartRate(run.Beats, second - 3, second + 1), -8, 8);
    }

    [Fact]
    public void In_a_coincidence_the_fetal_heart_beats_at_the_mothers_rate_and_not_with_her()
    {
        var run = Run(Quiet with { CoincidencesPerHour = 20 }, 1800, mother: 112);
        var episodes = run.Truth.Events.Where(one => one.Kind == LabourEventKind.Coincidence).ToList();

        Assert.NotEmpty(episodes);
        foreach (var episode in episodes)
        {
            var (from, to) = (episode.BeginSeconds + 10, episode.EndSeconds - 10);
            var fetal = run.Truth.Beats.Where(beat => beat.Seconds >= from && beat.Seconds < to).ToList();
            Assert.Equal(TrueBeat.HeartRate(run.Beats, from, to), 60 * (fetal.Count - 1) / (fetal[^1].Seconds - fetal[0].Seconds), 1.5);
            var phases = fetal.Select(beat => run.Beats.Min(mother => Math.Abs(mother.Seconds - beat.Seconds))).ToList();
            Assert.True(phases.Max() - phases.Min() > 0.03);
        }
    }

    [Fact]
    public void Hum_has_its_frequency_and_its_size_is_measured_by_the_lead()
    {
        var labour = Quiet with { HumRatio = 2 };
        var (with, without) = (Run(labour, 20), Run(labour with { HumRatio = 0 }, 20));

        for (var lead = 0; lead < 4; lead++)
        {
            var hum = Leads(with, lead).Zip(Leads(without, lead), (a, b) => a - b).ToArray();
            // The lead's own deviation holds slow noise and breathing, too, which do not count.
            Assert.InRange(Deviation(hum) / Deviation(Leads(without, lead)), 0.8, 2.05);
            var turns = Enumerable.Range(1, hum.Length - 1).Count(i => hum[i - 1] < 0 && hum[i] >= 0);
            Assert.InRange(turns / 20.0, 50.0, 50.2);
        }
    }

    [Fact]
    public void Leads_drop_out_one_by_one_and_half_of_them_stay()
    {
        var run = Run(Quiet with { LeadDropoutsPerHour = 60 }, 3600);
        var chunks = run.Chunks.Where(chunk => chunk.Device == "fecg").ToList();

        bool IsStill(SampleChunk chunk, int lead) => chunk.Int16(lead).IndexOfAnyExcept(chunk.Int16(lead)[0]) < 0;
        var still = chunks.Select(chunk => Enumerable.Range(0, 4).Where(lead => IsStill(chunk, lead)).ToArray()).ToList();

        Assert.All(still, leads => Assert.InRange(leads.Length, 0, 2));
        Assert.All(Enumerable.Range(0, 4), lead => Assert.InRange(still.Count(leads => leads.Contains(lead)), 300, 2400));
        foreach (var (chunk, leads) in chunks.Zip(still))
            Assert.Equal(leads.Where(lead => chunk.Int16(lead)[0] == 0).Aggregate(0ul, (mask, lead) => mask | 1ul << lead), chunk.LeadOff);
        Assert.Contains(chunks, chunk => chunk.Int16(0)[0] == SampleChunk.MissingInt16);
    }

    [Fact]
    public void The_trace_is_the_mean_of_the_last_two_intervals_in_quarters_of_a_beat()
    {
        var run = Run(Quiet with { AccelerationsPerHour = 20 }, 120);
        var trace = Trace(run);

        for (var i = 40; i < trace.Length; i++)
        {
            var before = run.Truth.Beats.Where(beat => beat.Seconds <= i / 4.0).TakeLast(3).ToArray();
            Assert.Equal(120 / (before[2].Seconds - before[0].Seconds), trace[i], 0.126);
            Assert.Equal(0, trace[i] * 4 % 1);
        }
    }

    [Fact]
    public void Twins_have_a_rate_each_the_same_contractions_and_decelerations_of_their_own()
    {
        var labour = Quiet with { ContractionsPerTenMinutes = 4, Decelerations = new(Late: 0.5, Variable: 0.3), AccelerationsPerHour = 10, LeadCount = 0 };
        var (alone, twins) = (Run(labour, 3600), Run(labour with { HasTwin = true }, 3600));
        var second = twins.Truth.Twin!;

        Assert.Null(alone.Truth.Twin);
        Assert.Equal(Trace(alone), Trace(twins));
        Assert.Equal(alone.Truth.Events, twins.Truth.Events);
        Assert.Equal(alone.Values("ctg", 1), twins.Values("ctg", 2));
        var contractions = twins.Truth.Events.Where(one => one.Kind == LabourEventKind.Contraction).ToList();
        var (firsts, seconds) = (Decelerations(twins.Truth), Decelerations(second));
        Assert.InRange(firsts.Intersect(seconds).Count(), 0, 1);
        Assert.InRange(seconds.Count, 8, contractions.Count);
        Assert.All(seconds, one => Assert.Contains(contractions, other => one.BeginSeconds >= other.BeginSeconds && one.BeginSeconds < other.EndSeconds));
        Assert.DoesNotContain(second.Events, one => one.Kind == LabourEventKind.Contraction);
        var trace = twins.Values("ctg", 1);
        for (var i = 40; i < trace.Length; i++)
        {
            var before = second.Beats.Where(beat => beat.Seconds <= i / 4.0 && beat.Seconds > i / 4.0 - 4).TakeLast(3).ToArray();
            Assert.Equal(120 / (before[2].Seconds - before[0].Seconds), trace[i], 0.126);
            i += 40;
        }

        static List<LabourEvent> Decelerations(LabourTruth truth) => [.. truth.Events.Where(one => one.IsDeceleration)];
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.2)]
    public void As_much_of_the_trace_is_lost_as_was_asked_for(double loss)
    {
        var run = Run(Quiet with { SignalLoss = loss, LeadCount = 0 }, 4 * 3600);

        Assert.Equal(loss, Trace(run).Average(rate => rate == 0 ? 1.0 : 0), 0.25 * loss);
    }

    [Fact]
    public void Accelerations_and_decelerations_are_what_FIGO_calls_so()
    {
        foreach (var (shares, kind) in (ReadOnlySpan<(DecelerationShares, LabourEventKind)>)
            [
                (new(Early: 1), LabourEventKind.EarlyDeceleration), (new(Late: 1), LabourEventKind.LateDeceleration),
                (new(Variable: 1), LabourEventKind.VariableDeceleration), (new(Prolonged: 1), LabourEventKind.ProlongedDeceleration),
            ])
        {
            var run = Run(Quiet with { Decelerations = shares, ContractionsPerTenMinutes = 3, AccelerationsPerHour = 20, FetalVariability = 0, LeadCount = 0 }, 7200);
            var contractions = run.Truth.Events.Where(one => one.Kind == LabourEventKind.Contraction).ToList();
            var decelerations = run.Truth.Events.Where(one => one.IsDeceleration).ToList();

            Assert.InRange(contractions.Count, 28, 45);
            Assert.InRange(decelerations.Count, 8, 45);
            Assert.InRange(run.Truth.Events.Count(one => one.Kind == LabourEventKind.Acceleration), 2, 40);
            Assert.All(decelerations, one => Assert.Equal(kind, one.Kind));
            foreach (var one in run.Truth.Events.Where(one => one.IsDeceleration || one.Kind == LabourEventKind.Acceleration))
            {
                var off = run.Truth.Seconds.Where(second => second.Second >= one.BeginSeconds && second.Second <= one.EndSeconds)
                    .Count(second => (second.FetalRate - second.Baseline) * (one.IsDeceleration ? -1 : 1) > 15);
                Assert.True(off >= 16, $"{one.Kind} is off by 15 for {off} s");
            }
            foreach (var one in decelerations)
            {
                var contraction = contractions.Last(other => other.BeginSeconds <= one.BeginSeconds);
                var (toNadir, length, delay) = (one.PeakSeconds - one.BeginSeconds, one.EndSeconds - one.BeginSeconds, one.BeginSeconds - contraction.BeginSeconds);
                Assert.True(kind switch
                {
                    LabourEventKind.EarlyDeceleration => toNadir > 30 && Math.Abs(one.PeakSeconds - contraction.PeakSeconds) < 6,
                    LabourEventKind.LateDeceleration => toNadir > 30 && delay > 20 && one.EndSeconds > contraction.EndSeconds,
                    LabourEventKind.VariableDeceleration => toNadir < 30 && length < 100,
                    _ => length is > 180 and < 300,
                }, $"{one} with {contraction}");
            }
        }
    }

    [Fact]
    public void Variability_spans_about_what_was_asked_for_in_a_minute()
    {
        foreach (var bandwidth in (double[])[4, 11, 22])
        {
            var run = Run(Quiet with { FetalVariability = bandwidth, LeadCount = 0 }, 3600);
            var spans = run.Truth.Seconds.Chunk(60).Select(minute => minute.Max(second => second.FetalRate) - minute.Min(second => second.FetalRate));

            Assert.InRange(spans.Average(), 0.7 * bandwidth, 1.3 * bandwidth);
        }
    }

    [Fact]
    public void The_same_scenario_gives_the_same_labour_and_another_seed_another()
    {
        byte[] Bytes(int seed) =>
            [.. Run(SimulatedWard.LabourBed(5, seed, new(0), 0, DeviceFaults.Usual), 300).Chunks.SelectMany(chunk => chunk.Samples.ToArray())];

        Assert.Equal(Bytes(1), Bytes(1));
        Assert.NotEqual(Bytes(1), Bytes(2));
    }

    [Fact]
    public void Every_bed_of_a_labour_ward_sends_chunks_that_can_be_used()
    {
        for (var index = 0; index < 20; index++)
        {
            var run = Run(SimulatedWard.LabourBed(index, 1, new(0), 1, DeviceFaults.Usual), 60);

            string[] devices = index == 7 ? ["ctg"] : ["ctg", "fecg"];      // twins have no abdominal leads
            Assert.Equal(devices, run.Chunks.Select(chunk => chunk.Device).Distinct().Order());
            Assert.All(run.Chunks, chunk => Assert.Null(chunk.FindFault()));
        }
    }

    [Fact]
    public void A_second_of_a_labour_allocates_its_chunks_and_nothing_else()
    {
        var bed = new SimulatedBed(SimulatedWard.LabourBed(5, 1, new(0), 0, DeviceFaults.Usual));
        var chunks = new List<SampleChunk>(8);
        for (var i = 0; i < 400; i++, chunks.Clear())
            bed.Next(chunks);

        var perSecond = Allocation.Least(() =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 600; i++, chunks.Clear())
                bed.Next(chunks);
            return (GC.GetAllocatedBytesForCurrentThread() - before) / 600;
        });

        // 4 leads of 500 samples and 2 traces of 4, of two bytes each.
        Assert.InRange(perSecond, 0, 4016 + 800);
    }

    private static LabourRun Run(LabourScenario labour, int seconds, double mother = 84) =>
        Run(new BedScenario { Patient = new("P1"), Seed = 3, Start = new(0), RestingRate = mother, HasPpg = false, EcgLeadCount = 0, Labour = labour }, seconds);

    private static LabourRun Run(BedScenario scenario, int seconds)
    {
        var run = new LabourRun([], [], new());
        var bed = new SimulatedBed(scenario);
        for (var i = 0; i < seconds; i++)
            bed.Next(run.Chunks, run.Beats, labour: run.Truth);
        return run;
    }

    private static float[] Leads(LabourRun run, int lead) => run.Values("fecg", lead);

    private static float[] Trace(LabourRun run) => run.Values("ctg", 0);

    /// <summary>Sum of squares over the leads of what the fetus adds, a value a sample.</summary>
    private static double[] FetalEnergy(LabourRun with, LabourRun without)
    {
        var energy = new double[Leads(with, 0).Length];
        for (var lead = 0; lead < 4; lead++)
            for (var (i, a, b) = (0, Leads(with, lead), Leads(without, lead)); i < energy.Length; i++)
                energy[i] += (a[i] - b[i]) * (a[i] - b[i]);
        return energy;
    }

    private static double Deviation(float[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
    }

    private sealed record LabourRun(List<SampleChunk> Chunks, List<TrueBeat> Beats, LabourTruth Truth)
    {
        private readonly Dictionary<(string, int), float[]> _values = [];

        public float[] Values(string device, int channel)
        {
            if (_values.TryGetValue((device, channel), out var known))
                return known;
            var own = Chunks.Where(chunk => chunk.Device == device).ToList();
            var gain = (float)own[0].Channels[channel].Gain;
            return _values[(device, channel)] = [.. own.SelectMany(chunk => chunk.Int16(channel).ToArray().Select(stored => stored / gain))];
        }
    }
}
