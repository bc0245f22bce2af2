using System.Globalization;
using Pipeline.Benchmarks.Accuracy;
using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators.HeartSound;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Benchmarks.HeartSounds;

/// <summary>
/// Heart rate from heart sounds over windows of 8 s: records of PhysioNet/CinC 2016 with an ECG beside, against the R peaks that the product's detector finds in it;
/// quality against the set's own flag; and simulated sounds with and without a heart. Records are halved by name: from the even ones constants were
/// chosen, the odd ones are quoted.
/// </summary>
internal sealed class HeartSoundAccuracy : IBenchmark
{
    private const double Seconds = 40;
    private const int FirstSeed = 500, Seeds = 25, QuickSeeds = 2;

    /// <inheritdoc/>
    public string Name => "accuracy-heart-sounds";

    /// <inheritdoc/>
    public string Summary => "heart rate and quality from heart sounds: PhysioNet/CinC 2016 beside its ECG, simulated sounds with and without a heart; --fit: the quality's weights";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        if (RecordingsFolder.Find(report, "cinc2016-pcg") is { } folder)
        {
            var records = HeartSoundRecords.Read(folder, new QrsDetection(ModelCatalog.Qrs), report.Quick, stop);
            if (report.Fit)
                report.Remark(HeartSoundFit.Of(records, report.Quick, stop));
            foreach (var half in (ReadOnlySpan<bool>)[false, true])
                Score(report, half ? "quoted" : "chosen", [.. records.Where(record => record.IsQuoted == half)]);
        }
        foreach (var kind in Enum.GetValues<HeartSoundKind>())
            Score(report, kind, stop);
        MeasureCost(report);
        return Task.CompletedTask;
    }

    private static void Score(Report report, string name, List<HeartSoundRecord> records)
    {
        var known = records.Where(record => record.HasReference).ToList();
        var windows = known.SelectMany(record => record.Windows).Where(window => double.IsFinite(window.Reference)).ToList();
        var given = windows.Where(window => window.Estimate.Status == EstimateStatus.Ok).ToList();
        report.Add($"{name}_records", known.Count, "1");
        report.Add($"{name}_windows", windows.Count, "1");
        report.Add($"{name}_all_mae", windows.Average(window => Math.Min(window.FoundError, window.Reference)), "/min", new Reference("envelope autocorrelation, published", 5.4));
        report.Add($"{name}_all_median", Quantiles.Median(windows.Select(window => window.FoundError)), "/min", new Reference("envelope autocorrelation, published", 2.2));
        report.Add($"{name}_ok", 100.0 * given.Count / windows.Count, "%");
        report.Add($"{name}_ok_mae", given.Average(window => window.Error), "/min");
        report.Add($"{name}_ok_median", Quantiles.Median(given.Select(window => window.Error)), "/min");
        report.Add($"{name}_ok_over_5", 100.0 * given.Count(window => window.Error > 5) / given.Count, "%");
        report.Add($"{name}_quality_auc", Auc(records), "1");
        foreach (var record in records)
            report.Remark(record.ToString());
    }

    private static void Score(Report report, HeartSoundKind kind, CancellationToken stop)
    {
        var windows = new List<HeartSoundWindow>();
        for (var seed = FirstSeed; seed < FirstSeed + (report.Quick ? QuickSeeds : Seeds); seed++)
        {
            stop.ThrowIfCancellationRequested();
            windows.AddRange(HeartSoundWindow.Simulate(kind, seed, Seconds));
        }
        var given = windows.Where(window => window.Estimate.Status == EstimateStatus.Ok).ToList();
        report.Add($"simulated_{kind}_ok", 100.0 * given.Count / windows.Count, "%");
        if (windows[0].HasHeart == true && given.Count > 0)
            report.Add($"simulated_{kind}_ok_mae", given.Where(window => double.IsFinite(window.Reference)).Average(window => window.Error), "/min");
    }

    private static void MeasureCost(Report report)
    {
        const double seconds = 400;
        var sound = HeartSoundKindSimulator.Draw(HeartSoundKind.Normal, FirstSeed, seconds, rateHz: 2000);
        var chunks = StreamRun.Chunks([sound.Samples], new ChannelLayout(new Channel("PCG", SignalKind.HeartSound, "1")), sound.RateHz).ToList();
        var windows = 0;
        void Run() => windows = StreamRun.Of(chunks, first => [new HeartSoundStage(first.Channels, first.RateHz)]).Count();
        Run();      // compiles
        report.Add("cost_of_a_window", Enumerable.Range(0, 5).Select(_ => 1e6 * Cost.Of(Run).ThreadCpuSeconds / windows).Min(), "us");
    }

    /// <summary>How often a record that is flagged good has a higher mean quality than one that is flagged bad.</summary>
    private static double Auc(List<HeartSoundRecord> records)
    {
        var (wins, pairs) = (0.0, 0);
        foreach (var good in records.Where(record => record.IsGood))
            foreach (var bad in records.Where(record => !record.IsGood))
            {
                pairs++;
                wins += good.Quality > bad.Quality ? 1 : good.Quality == bad.Quality ? 0.5 : 0;
            }
        return wins / pairs;
    }
}

/// <summary>One record.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsGood">The set's flag: its quality suffices.</param>
/// <param name="IsQuoted">Whether it is one of those that are quoted, or one that chose.</param>
/// <param name="Windows">Its windows.</param>
internal sealed record HeartSoundRecord(string Name, bool IsGood, bool IsQuoted, List<HeartSoundWindow> Windows)
{
    /// <summary>Whether it has an ECG.</summary>
    public bool HasReference => Windows.Exists(window => double.IsFinite(window.Reference));

    /// <summary>Mean quality.</summary>
    public double Quality => Windows.Average(window => window.Estimate.Quality);

    /// <inheritdoc/>
    public override string ToString()
    {
        var known = Windows.Where(window => double.IsFinite(window.Reference)).ToList();
        var given = Windows.Where(window => window.Estimate.Status == EstimateStatus.Ok).ToList();
        var error = known.Count > 0 ? $", error of all {known.Average(window => Math.Min(window.FoundError, window.Reference)):F2}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{Name}: {(IsGood ? "good" : "bad")}, quality {Quality:F2}, ok {given.Count} of {Windows.Count}{error}");
    }
}

/// <summary>The records of a folder.</summary>
internal static class HeartSoundRecords
{
    /// <summary>Reads all, or few; every second by name is quoted.</summary>
    public static List<HeartSoundRecord> Read(string folder, QrsDetection detection, bool quick, CancellationToken stop)
    {
        var flags = File.ReadAllLines(Path.Combine(folder, "REFERENCE-SQI.csv")).Select(line => line.Split(','))
            .ToDictionary(fields => fields[0], fields => fields[2].Trim() == "1");
        var names = Directory.GetFiles(folder, "*.hea").Select(path => Path.GetFileNameWithoutExtension(path)!).Where(flags.ContainsKey).Order(StringComparer.Ordinal).ToList();
        var records = new List<HeartSoundRecord>();
        foreach (var set in names.GroupBy(name => (name[0], flags[name])))      // so that both halves have bad ones of each set
            foreach (var (name, i) in set.Select((name, i) => (name, i)).Take(quick ? 2 : int.MaxValue))
            {
                stop.ThrowIfCancellationRequested();
                records.Add(new HeartSoundRecord(name, flags[name], i % 2 == 1, HeartSoundWindow.Read(Path.Combine(folder, $"{name}.hea"), detection)));
            }
        return records;
    }
}
