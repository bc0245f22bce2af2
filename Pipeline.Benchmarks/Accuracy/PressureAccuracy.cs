using System.Globalization;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Arterial blood pressure of windows of 8 s every 2 s, causal: of simulated beds against the beats in their arteries, with the faults of a line, and of public
/// recordings against systolic, diastolic and mean pressure that were derived from the samples (<c>.ref.csv</c>). Mean absolute error of the windows with status
/// ok, and beside it their part of all windows.
/// </summary>
internal sealed class PressureAccuracy : IBenchmark
{
    private const double FaultBegin = 60, FaultEnd = 100, WholeSeconds = 160;
    private static readonly Metric[] Metrics = [Metric.Systolic, Metric.Diastolic, Metric.MeanPressure];

    /// <inheritdoc/>
    public string Name => "accuracy-pressure";

    /// <inheritdoc/>
    public string Summary => "arterial blood pressure, 8 s every 2 s, causal, error and coverage: simulated beds and line faults, BIDMC, ICU samples (--data DIR)";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        var seeds = report.Quick ? 1 : 8;
        foreach (var activity in Enum.GetValues<PatientActivity>())
            Simulated(report, $"simulated_{activity}".ToLowerInvariant(), seeds, seed => new()
            {
                Patient = new PatientId("bench"),
                Seed = 9000 + seed,
                Start = default,
                Activity = activity,
                EctopicShare = seed % 4 == 3 ? 0.04 : 0,
                HasPpg = false,
                EcgLeadCount = 0,
                HasAbp = true,
            }, stop);
        foreach (var kind in Enum.GetValues<LineFaultKind>())
            Faults(report, kind, seeds, stop);
        if (RecordingsFolder.Find(report, "bidmc") is { } bidmc)
            Recordings(report, "bidmc", Directory.GetFiles(bidmc, "*.hea"), stop);
        if (RecordingsFolder.Find(report, "icu_abp_samples") is { } icu)
            Recordings(report, "icu", Directory.GetFiles(icu, "*.hea"), stop);
        return Task.CompletedTask;
    }

    private static void Simulated(Report report, string name, int seeds, Func<int, BedScenario> scenario, CancellationToken stop)
    {
        var score = new PressureScore();
        for (var seed = 0; seed < seeds; seed++)
        {
            stop.ThrowIfCancellationRequested();
            var (windows, truth) = Run(scenario(seed));
            foreach (var (window, start, end) in windows)
                foreach (var metric in Metrics)
                    score.Take(Of(window, metric), Truth(truth, metric, start, end));
        }
        score.Report(report, name);
        report.Remark($"{name}: {score.Text}");
    }

    private static void Faults(Report report, LineFaultKind kind, int seeds, CancellationToken stop)
    {
        var (within, ok, wrong, after, back) = (0, 0, 0, 0, 0);
        var statuses = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var seed = 0; seed < seeds; seed++)
        {
            stop.ThrowIfCancellationRequested();
            var (windows, truth) = Run(new BedScenario
            {
                Patient = new PatientId("bench"),
                Seed = 9100 + seed,
                Start = default,
                HasPpg = false,
                EcgLeadCount = 0,
                HasAbp = true,
                LineFaults = [new LineFault(kind, FaultBegin, FaultEnd)],
            });
            foreach (var (window, start, end) in windows)
            {
                var value = Of(window, Metric.Systolic);
                if (start >= FaultBegin && end <= FaultEnd)
                {
                    within++;
                    statuses[Names.Of(value.Status)] = statuses.GetValueOrDefault(Names.Of(value.Status)) + 1;
                    ok += value.Status == EstimateStatus.Ok ? 1 : 0;
                    wrong += value.Status == EstimateStatus.Ok && Math.Abs(value.Value - Truth(truth, Metric.Systolic, start, end)) > 5 ? 1 : 0;
                }
                else if (start >= FaultEnd + 2)
                {
                    after++;
                    back += value.Status == EstimateStatus.Ok ? 1 : 0;
                }
            }
        }
        var name = $"fault_{kind}".ToLowerInvariant();
        report.Add(name + "_ok", 100.0 * ok / within, "%");
        report.Add(name + "_ok_and_5_off", 100.0 * wrong / within, "%");
        report.Add(name + "_ok_after", 100.0 * back / after, "%");
        report.Remark($"{name}: {Shares(statuses)}");
    }

    private static void Recordings(Report report, string name, string[] files, CancellationToken stop)
    {
        var pooled = new PressureScore();
        foreach (var file in files.Order(StringComparer.Ordinal))
        {
            stop.ThrowIfCancellationRequested();
            using var recording = Recording.Open(file, RecordingOptions.None);
            var (score, statuses) = (new PressureScore(), new SortedDictionary<string, int>(StringComparer.Ordinal));
            var references = PressureReference.Of(Path.ChangeExtension(file, ".ref.csv"));
            foreach (var result in StreamRun.Of(recording.Chunks(new RecordedPatient(new PatientId("bench"), "", "", 0, default))))
                foreach (var estimate in result.Estimates)
                {
                    if (Array.IndexOf(Metrics, estimate.Metric) < 0 || result.Window.IsTail)
                        continue;
                    score.Take(estimate, references.At(result.Window.Start.UnixNanoseconds / 1e9, estimate.Metric));
                    if (estimate.Metric == Metric.Systolic)
                        statuses[Names.Of(estimate.Status)] = statuses.GetValueOrDefault(Names.Of(estimate.Status)) + 1;
                }
            if (score.IsEmpty)
                continue;
            report.Remark($"{Path.GetFileNameWithoutExtension(file)}: {Shares(statuses)}; {score.Text}");
            pooled.Take(score);
        }
        if (!pooled.IsEmpty)
            pooled.Report(report, name);
    }

    private static (List<(WindowResult Window, double Start, double End)> Windows, List<TruePressure> Truth) Run(BedScenario scenario)
    {
        var (bed, chunks, truth) = (new SimulatedBed(scenario), new List<SampleChunk>(), new List<TruePressure>());
        for (var second = 0; second < WholeSeconds; second++)
            bed.Next(chunks, pressures: truth);
        var rate = chunks[0].RateHz;
        return ([.. StreamRun.Of(chunks).Where(result => !result.Window.IsTail).Select(result => (result, result.Window.StartIndex / rate, result.Window.EndIndex / rate))], truth);
    }

    private static Estimate Of(WindowResult window, Metric metric) => window.Estimates.First(estimate => estimate.Metric == metric);

    /// <summary>The median of the whole beats of [start, end) s; of the mean pressure the mean.</summary>
    private static double Truth(List<TruePressure> beats, Metric metric, double start, double end)
    {
        var whole = beats.Where((beat, i) => beat.FootSeconds >= start && i + 1 < beats.Count && beats[i + 1].FootSeconds < end)
            .Select(beat => metric switch { Metric.Systolic => beat.Systolic, Metric.Diastolic => beat.Diastolic, _ => beat.Mean }).Order().ToArray();
        return whole.Length == 0 ? double.NaN : metric == Metric.MeanPressure ? whole.Average() : (whole[(whole.Length - 1) / 2] + whole[whole.Length / 2]) / 2;
    }

    private static string Shares(SortedDictionary<string, int> statuses) => string.Join(", ", statuses.Select(one =>
        string.Create(CultureInfo.InvariantCulture, $"{one.Key} {100.0 * one.Value / statuses.Values.Sum():0.#} %")));
}
