using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Features;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Fetal;

namespace Pipeline.Benchmarks.Fetal;

/// <summary>How the stage did on one record or, pooled, on many.</summary>
internal sealed class FetalScore
{
    private const double ToleranceSeconds = 0.05;
    private const double WindowSeconds = 8, HorizonSeconds = 2;

    /// <summary>All beats.</summary>
    public BeatCounts All { get; private set; }

    /// <summary>Beats outside the gaps of the reference.</summary>
    public BeatCounts Masked { get; private set; }

    /// <summary>Beats that were said with a window whose fetal rate is ok.</summary>
    public BeatCounts Ok { get; private set; }

    /// <summary>Beats from 8 s on.</summary>
    public BeatCounts Later { get; private set; }

    /// <summary>Absolute error of the rate that the marks of a window give, and the true rate: every window that has a reference.</summary>
    public List<(double Error, double Rate)> ByMarks { get; } = [];

    /// <summary>The same of the windows whose fetal rate is ok, by the estimate.</summary>
    public List<(double Error, double Rate)> ByEstimates { get; } = [];

    /// <summary>Absolute error over σ of these.</summary>
    public List<double> Deviations { get; } = [];

    /// <summary>Windows, those that have a fetal rate, and those that are called a coincidence.</summary>
    public int Windows { get; private set; }

    public int OkWindows { get; private set; }

    public int Coincidences { get; private set; }

    /// <summary>Windows with a maternal rate.</summary>
    public int MaternalOk { get; private set; }

    /// <summary>Reference beats.</summary>
    public int References { get; private set; }

    /// <summary>CPU seconds, and seconds of signal.</summary>
    public double Cpu { get; private set; }

    public double Seconds { get; private set; }

    /// <summary>Longest time from a mark to the end of the window that it came with, in seconds; of windows but the first.</summary>
    public double LongestDelay { get; private set; }

    public static double Within10(IReadOnlyCollection<(double Error, double Rate)> rates) => 100.0 * rates.Count(r => r.Error <= 0.1 * r.Rate) / rates.Count;

    /// <summary>Adds another one's counts.</summary>
    public void Take(FetalScore other)
    {
        (All, Masked, Ok, Later) = (All + other.All, Masked + other.Masked, Ok + other.Ok, Later + other.Later);
        ByMarks.AddRange(other.ByMarks);
        ByEstimates.AddRange(other.ByEstimates);
        Deviations.AddRange(other.Deviations);
        (Windows, OkWindows, Coincidences, References) = (Windows + other.Windows, OkWindows + other.OkWindows, Coincidences + other.Coincidences, References + other.References);
        (MaternalOk, Cpu, Seconds) = (MaternalOk + other.MaternalOk, Cpu + other.Cpu, Seconds + other.Seconds);
        LongestDelay = Math.Max(LongestDelay, other.LongestDelay);
    }

    /// <summary>The product's stages, with a network or without.</summary>
    public static StageFactory StagesWith(FetalModel? network) => first => Stages.Create(first.Channels, first.RateHz, network is null ? null : [network]);

    /// <summary>Runs the product's stages on a record.</summary>
    public static FetalScore Of(FetalRecording record, FetalModel? network)
    {
        var score = new FetalScore { References = record.Beats.Length, Seconds = record.Seconds };
        var began = Cost.Now();
        var results = StreamRun.Of(record.Chunks(), StagesWith(network)).ToList();
        score.Cpu = (Cost.Now() - began).ThreadCpuSeconds;
        score.CountBeats(record, results);
        score.CountRates(record, results);
        return score;
    }

    private void CountBeats(FetalRecording record, List<WindowResult> results)
    {
        var found = new List<double>();
        var isOk = new List<(double Until, bool Ok)>();
        foreach (var result in results)
        {
            var end = result.Window.EndIndex / record.RateHz;
            var marks = result.Beats.Where(beat => beat.Kind == BeatKind.FetalQrs).Select(beat => beat.SampleIndex / record.RateHz).ToList();
            found.AddRange(marks);
            if (!result.Window.IsTail && marks.Count > 0 && end > WindowSeconds)
                LongestDelay = Math.Max(LongestDelay, end - marks[0]);
            var ok = result.Window.IsTail ? isOk.Count > 0 && isOk[^1].Ok : result.Estimates.Any(e => e is { Metric: Metric.FetalHeartRate, Status: EstimateStatus.Ok });
            isOk.Add((result.Window.IsTail ? double.PositiveInfinity : end - HorizonSeconds, ok));
        }
        bool IsOk(double at) => isOk.Find(span => at < span.Until).Ok;
        var gaps = record.Gaps();
        bool InGap(double at) => gaps.Any(gap => at > gap.From + ToleranceSeconds && at < gap.To - ToleranceSeconds);
        var matching = BeatMatching.Of(record.Beats, found, ToleranceSeconds);
        All = new BeatCounts(matching.True, matching.False, matching.Missed);
        Masked = Count(record, found, matching, at => !InGap(at));
        Ok = Count(record, found, matching, IsOk);
        Later = Count(record, found, matching, at => at >= WindowSeconds);
    }

    private static BeatCounts Count(FetalRecording record, List<double> found, BeatMatching matching, Func<double, bool> counts)
    {
        int right = 0, wrong = 0;
        var taken = new bool[record.Beats.Length];
        foreach (var (partner, at) in matching.Partners.Zip(found))
        {
            if (partner >= 0)
                taken[partner] = true;
            if (counts(at))
                _ = partner >= 0 ? right++ : wrong++;
        }
        return new BeatCounts(right, wrong, record.Beats.Where((at, r) => !taken[r] && counts(at)).Count());
    }

    private void CountRates(FetalRecording record, List<WindowResult> results)
    {
        var marks = results.SelectMany(r => r.Beats).Where(b => b.Kind == BeatKind.FetalQrs).Select(b => b.SampleIndex / record.RateHz).ToArray();
        var gaps = record.Gaps();
        foreach (var result in results.Where(r => !r.Window.IsTail))
        {
            var (start, end) = (result.Window.StartIndex / record.RateHz, result.Window.EndIndex / record.RateHz);
            var estimate = result.Estimates.First(e => e.Metric == Metric.FetalHeartRate);
            var isOk = estimate.Status == EstimateStatus.Ok;
            Windows++;
            OkWindows += isOk ? 1 : 0;
            Coincidences += estimate.Status == EstimateStatus.Coincidence ? 1 : 0;
            MaternalOk += result.Estimates.Any(e => e is { Metric: Metric.HeartRate, Status: EstimateStatus.Ok }) ? 1 : 0;
            var reference = RateOf(record.Beats, start, end);
            if (double.IsNaN(reference) || gaps.Any(gap => gap.From < end && gap.To > start))
                continue;
            var byMarks = RateOf(marks, start, end);
            ByMarks.Add((double.IsNaN(byMarks) ? reference : Math.Abs(byMarks - reference), reference));
            if (!isOk)
                continue;
            ByEstimates.Add((Math.Abs(estimate.Value - reference), reference));
            Deviations.Add(Math.Abs(estimate.Value - reference) / estimate.Sigma);
        }
    }

    /// <summary>60 over the mean interval of the beats in [<paramref name="start"/>, <paramref name="end"/>) s; NaN for fewer than four beats.</summary>
    private static double RateOf(double[] beats, double start, double end)
    {
        var inside = beats.Where(b => b >= start && b < end).ToArray();
        return inside.Length < 4 ? double.NaN : 60 * (inside.Length - 1) / (inside[^1] - inside[0]);
    }
}
