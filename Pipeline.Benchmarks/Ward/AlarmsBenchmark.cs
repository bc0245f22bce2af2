using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Benchmarks.Ward;

/// <summary>
/// What alarms cost a window: a thousand patients with an ECG, a PPG and an arterial pressure each, in turn, so that their state is not
/// in the nearest cache.
/// </summary>
internal sealed class AlarmsBenchmark : IBenchmark
{
    private const int Patients = 1_000;
    private const int HopSeconds = 2;

    public string Name => "alarms";

    public string Summary => "alarm engine: CPU and memory a window of three rates, 1,000 patients in turn, one thread";

    public Task RunAsync(Report report, CancellationToken stop)
    {
        var (rules, random, changes) = (new AlarmRules(), new Random(1), new List<AlarmChange>());
        var before = GC.GetTotalMemory(forceFullCollection: true);
        AlarmEngine[] engines = [.. Enumerable.Range(0, Patients).Select(_ => new AlarmEngine(rules))];
        var windows = report.Quick ? 20 : 2_000;
        var changed = 0L;
        Run(engines, 0, 10, random, isRestless: false, changes, ref changed);
        var held = (GC.GetTotalMemory(forceFullCollection: true) - before) / Patients;
        var quiet = Cost.Of(() => Run(engines, 10, windows, random, isRestless: false, changes, ref changed));
        report.Add("quiet_ns_per_window", 1e9 * quiet.ThreadCpuSeconds / ((double)Patients * windows), "ns");
        report.Add("quiet_bytes_per_window", quiet.ThreadBytes / ((double)Patients * windows), "By");
        changed = 0;
        var restless = Cost.Of(() => Run(engines, 10 + windows, windows, random, isRestless: true, changes, ref changed));
        report.Add("restless_ns_per_window", 1e9 * restless.ThreadCpuSeconds / ((double)Patients * windows), "ns");
        report.Add("restless_changes_per_window", changed / ((double)Patients * windows), "1");
        report.Add("memory_per_patient", held, "By");
        report.Add("snapshot_per_patient", SnapshotBytes(engines[0]), "By");
        return Task.CompletedTask;
    }

    /// <summary>Quiet: rates well within their limits. Restless: about the limits, with a poor signal now and then.</summary>
    private static void Run(AlarmEngine[] engines, int first, int count, Random random, bool isRestless, List<AlarmChange> changes, ref long changed)
    {
        for (var i = first; i < first + count; i++)
        {
            var end = new Timestamp(1_782_892_800_000_000_000).AddSeconds(HopSeconds * i);
            foreach (var engine in engines)
            {
                var rate = isRestless ? 118 + 4 * random.NextDouble() : 75 + random.NextDouble();
                var isPoor = isRestless && random.Next(20) == 0;
                engine.Take("mon", end, Rate(SignalKind.Ppg, rate, isPoor));
                engine.Take("mon", end, Rate(SignalKind.Ecg, rate, isPoor));
                engine.Take("mon", end, Rate(SignalKind.Abp, rate, isPoor: false));
                engine.Judge("ward", "bed", changes);
                changed += changes.Count;
                changes.Clear();
            }
        }
    }

    private static Estimate Rate(SignalKind signal, double rate, bool isPoor) => isPoor
        ? new Estimate(signal, Metric.HeartRate, double.NaN, double.NaN, 0.2, 1, EstimateStatus.LowQuality, "classical")
        : new Estimate(signal, Metric.HeartRate, rate, 1, 0.9, 1, EstimateStatus.Ok, "classical");

    private static int SnapshotBytes(AlarmEngine engine)
    {
        var state = new StateTransfer();
        state.BeginWriting(AlarmEngine.StateVersion);
        engine.Transfer(state);
        return state.EndWriting().Length;
    }
}
