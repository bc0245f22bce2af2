using System.Globalization;
using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Host.Alarms;
using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Benchmarks.Ward;

/// <summary>
/// Alarms of high priority against the simulator's truth: beds of a usual ward, with what goes wrong there, for 12 h, and every 45 min an arrest, a ventricular tachycardia or an extreme
/// rate. Beside them, on the same points, what limits alone would have alarmed about: no delay, no hysteresis, no check. The graph, the networks and the rules are the default ones.
/// </summary>
internal sealed class AlarmTruthBenchmark : IBenchmark
{
    private const int Hours = 12, EpisodeEverySeconds = 2_700, AfterSeconds = 20, Seed = 16;
    private const double RateTolerance = 8;         // per minute: of the true rate, beyond whose limit an alarm is true
    private static readonly Timestamp Start = new(1_782_892_800_000_000_000);

    /// <summary>Kinds, with the seconds until such an episode is one by its definition, for the latency.</summary>
    private static readonly (EventKind Kind, double Seconds, double Shortest, double Longest)[] Kinds =
    [
        (EventKind.Asystole, 4, 12, 20), (EventKind.VentricularTachycardia, 2, 12, 20), (EventKind.ExtremeBradycardia, 9.4, 30, 60),
        (EventKind.VentricularFibrillation, 4, 20, 40), (EventKind.ExtremeTachycardia, 6.2, 30, 60),
    ];

    /// <inheritdoc/>
    public string Name => "alarms-truth";

    /// <inheritdoc/>
    public string Summary => "alarms of high priority against the simulator's truth: missed, false and late, and how many fewer than by limits alone";

    /// <inheritdoc/>
    public async Task RunAsync(Report report, CancellationToken stop)
    {
        var (beds, seconds) = report.Quick ? (30, 5_600) : (100, 3600 * Hours);
        var rules = new AlarmRules();
        var raw = new AlarmRules
        {
            ExtremeDelay = default,
            LimitDelay = default,
            ContradictedDelay = default,
            Hysteresis = 0,
            OffDelay = default,
            FibrillationOffDelay = default,
            MinDuration = default,
            LatchFor = default,
        };
        var ward = new TruthWard([.. Enumerable.Range(0, beds).Select(bed => SimulatedWard.Bed(bed, Seed, Start, 0, DeviceFaults.Usual) with { Episodes = [.. Draw(bed, seconds)] })], seconds, raw);
        await using var networks = new NetworkRegistry(new InferenceOptions(), TimeProvider.System);
        var options = new TopologyOptions();
        ModelCatalog.Register(networks, options, new InferenceOptions());
        await using var local = new LocalActors();
        await using var partitions = new Partitions(options, [ward], TimeProvider.System, new PartitionParts { Actors = local.Actors, Alarms = rules, Networks = networks });
        await Topology.RunAsync(ward, partitions, stop);
        Add(report, ward, rules, beds, seconds / (3600.0 * Hours));
    }

    private static IEnumerable<HeartEpisode> Draw(int bed, int seconds)
    {
        var random = new Random(Seed * 1_000 + bed);
        for (var (at, number) = (600 + random.Next(1_200), bed); at < seconds - 120; at += EpisodeEverySeconds, number++)
        {
            var kind = Kinds[number % Kinds.Length];
            yield return new HeartEpisode(kind.Kind, at, at + kind.Shortest + random.NextDouble() * (kind.Longest - kind.Shortest));
        }
    }

    private static void Add(Report report, TruthWard ward, AlarmRules rules, int beds, double shifts)
    {
        var (latencies, missed, total, falseAlarms) = (new List<double>(), 0, 0, 0);
        foreach (var bed in ward.Beds)
        {
            var alarms = bed.High.Where(change => change.Action is AlarmAction.Raised or AlarmAction.Recurred).Select(change => (change.Alarm!.Kind, Seconds: change.At.SecondsSince(Start))).ToArray();
            foreach (var episode in bed.Scenario.Episodes)
            {
                total++;
                var kind = Array.Find(Kinds, one => one.Kind == episode.Kind);
                var first = alarms.Where(alarm => alarm.Seconds >= episode.Begin && alarm.Seconds < episode.End + AfterSeconds).Select(alarm => alarm.Seconds).DefaultIfEmpty(double.NaN).Min();
                if (double.IsNaN(first))
                {
                    missed++;
                    report.Remark(Say(bed, Names.Of(episode.Kind), episode.Begin, "missed"));
                    continue;
                }
                var delay = kind.Kind is EventKind.ExtremeBradycardia or EventKind.ExtremeTachycardia ? rules.ExtremeDelay.TotalSeconds : 0;
                latencies.Add(first - episode.Begin - kind.Seconds - delay);
            }
            foreach (var (kind, at) in alarms)
                if (!bed.Scenario.Episodes.Any(one => at >= one.Begin && at < one.End + AfterSeconds) && !bed.IsTrueRate(kind, at, rules))
                {
                    falseAlarms++;
                    report.Remark(Say(bed, AlarmNames.Of(kind), at, "false"));
                }
        }
        latencies.Sort();
        report.Add("beds", beds, "1");
        report.Add("episodes", total, "1");
        report.Add("missed", missed, "1");
        report.Add("false_per_bed_and_12_h", falseAlarms / (beds * shifts), "1");
        report.Add("latency_p50", latencies[latencies.Count / 2], "s");
        report.Add("latency_p99", latencies[(int)(0.99 * (latencies.Count - 1))], "s");
        var (own, raw) = (ward.Raised.Where(one => IsOfPatient(one.Key)).Sum(one => one.Value), ward.RawRaised.Where(one => IsOfPatient(one.Key)).Sum(one => one.Value));
        report.Add("patient_alarms_per_bed_and_12_h", own / (beds * shifts), "1", new Reference("limits alone", raw / (beds * shifts)));
        foreach (var kind in ward.Raised.Keys.Union(ward.RawRaised.Keys).Order())
            report.Remark(string.Create(CultureInfo.InvariantCulture,
                $"{AlarmNames.Of(kind)}: {ward.Raised.GetValueOrDefault(kind) / (beds * shifts):0.0} a bed and 12 h, by limits alone {ward.RawRaised.GetValueOrDefault(kind) / (beds * shifts):0.0}"));
        report.Add("fewer_than_limits_alone", 100.0 * (raw - own) / raw, "%");
    }

    private static bool IsOfPatient(AlarmKind kind) => AlarmNames.PriorityOf(kind) != EventPriority.Technical;

    private static string Say(TruthBed bed, string what, double seconds, string verdict) =>
        string.Create(CultureInfo.InvariantCulture, $"{bed.Scenario.Bed}: {what} at {seconds:0} s {verdict}");

    /// <summary>A bed's truth, and the alarms of high priority that it had.</summary>
    private sealed class TruthBed(BedScenario scenario)
    {
        private readonly List<TrueBeat> _beats = [];

        public BedScenario Scenario { get; } = scenario;

        public SimulatedBed Bed { get; } = new(scenario);

        public List<TrueBeat> Beats => _beats;

        public List<AlarmChange> High { get; } = [];

        /// <summary>Whether the true rate of the 30 s before was beyond the limit, or near it: a patient who runs.</summary>
        public bool IsTrueRate(AlarmKind kind, double at, AlarmRules rules)
        {
            for (var end = at - 22; end <= at; end += 2)
            {
                var rate = TrueBeat.HeartRate(_beats.Where(beat => beat.Seconds >= end - 8 && beat.Seconds < end), end - 8, end);
                if (kind == AlarmKind.ExtremeTachycardia ? rate > rules.HeartRateVeryHigh - RateTolerance : kind == AlarmKind.ExtremeBradycardia && rate < rules.HeartRateVeryLow + RateTolerance)
                    return true;
            }
            return false;
        }
    }

    /// <summary>The beds second by second, each a partition, as fast as they are taken; takes the points.</summary>
    private sealed class TruthWard(IReadOnlyList<BedScenario> scenarios, int seconds, AlarmRules raw) : ISampleSource, IPatientSink
    {
        private readonly AlarmCounts _raw = new(raw);
        private readonly Lock _lock = new();
        private readonly Dictionary<AlarmKind, long> _raised = [];

        public TruthBed[] Beds { get; } = [.. scenarios.Select(scenario => new TruthBed(scenario))];

        public IReadOnlyDictionary<AlarmKind, long> Raised => _raised;

        public IReadOnlyDictionary<AlarmKind, long> RawRaised => _raw.Raised;

        public async Task RunAsync(Partitions shards, CancellationToken stop)
        {
            var (chunks, offsets) = (new List<SampleChunk>(4), new long[Beds.Length]);
            for (var bed = 0; bed < Beds.Length; bed++)
                shards.Assign(bed, "truth");
            for (var second = 0; second < seconds; second++)
                for (var bed = 0; bed < Beds.Length; bed++)
                {
                    Beds[bed].Bed.Next(chunks, Beds[bed].Beats);
                    foreach (var chunk in chunks)
                    {
                        var record = new ShardRecord(offsets[bed]++, chunk);
                        while (!shards.TryPost(bed, record))
                            await shards.WaitForSpaceAsync(bed, stop);
                    }
                    chunks.Clear();
                }
            for (var bed = 0; bed < Beds.Length; bed++)
                await shards.RevokeAsync(bed, stop);
            _raw.Finish();
        }

        public Task WriteAsync(OutputBatch batch, CancellationToken stop)
        {
            lock (_lock)
                foreach (var point in batch.Points)
                {
                    _raw.Take(point);
                    if (point.Alarm is not { Alarm: { } alarm } change)
                        continue;
                    if (change.Action == AlarmAction.Raised)
                        _raised[alarm.Kind] = _raised.GetValueOrDefault(alarm.Kind) + 1;
                    if (alarm.Priority == EventPriority.High)
                        Beds[batch.Shard].High.Add(change);
                }
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
