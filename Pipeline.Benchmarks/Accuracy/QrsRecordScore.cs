using Pipeline.Models;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>How the ECG stage did on one record.</summary>
internal sealed class QrsRecordScore
{
    private const double ToleranceSeconds = 0.15;
    private const double WithinPerMinute = 5;

    public required string Name { get; init; }

    public required BeatCounts Beats { get; init; }

    /// <summary>Median of found less reference, ms.</summary>
    public required double OffsetMs { get; init; }

    /// <summary>Median distance of the offsets from their median, ms.</summary>
    public required double JitterMs { get; init; }

    /// <summary>Absolute error of the heart rate of each window that holds a reference, beats/min; no value: the last one is held.</summary>
    public required List<double> RateErrors { get; init; }

    /// <summary>Of each window: start in samples, quality, error of the rate (NaN without a reference) and its sigma (NaN without a value).</summary>
    public required List<(double Start, double Quality, double Error, double Sigma)> Windows { get; init; }

    /// <summary>CPU time taken, µs per second of signal and lead, windower included.</summary>
    public required double Microseconds { get; init; }

    /// <summary>Part of the windows that have a value.</summary>
    public required double ValuePart { get; init; }

    public static double Within(IReadOnlyCollection<double> errors) => 100.0 * errors.Count(e => e <= WithinPerMinute) / errors.Count;

    /// <summary>Runs the stage on <paramref name="record"/> and scores the samples that <paramref name="counts"/> accepts (all of them by default).</summary>
    public static QrsRecordScore Of(EcgRecording record, QrsDecision decision, Func<double, bool>? counts = null)
    {
        var began = Cost.Now();
        var results = record.Run(decision);
        var seconds = (Cost.Now() - began).ThreadCpuSeconds;
        bool Counts(double sample) => record.IsScored(sample) && counts?.Invoke(sample) != false;
        var references = record.Beats.Select(b => b.Sample).Where(Counts).ToArray();
        var found = results.SelectMany(r => r.Beats).Select(b => b.SampleIndex).Where(Counts).ToArray();
        var matching = BeatMatching.Of(references, found, ToleranceSeconds * record.RateHz);
        var toMs = 1000 / record.RateHz;
        var offset = Quantiles.Median(matching.Offsets) * toMs;
        var (errors, windows) = Rates(record, results);
        return new QrsRecordScore
        {
            Name = record.Name,
            Beats = new BeatCounts(matching.True, matching.False, matching.Missed),
            OffsetMs = offset,
            JitterMs = Quantiles.Median(matching.Offsets.Select(o => Math.Abs(o * toMs - offset))),
            RateErrors = errors,
            Windows = windows,
            Microseconds = seconds * 1e6 / (record.SampleCount / record.RateHz * record.Leads.Length),
            ValuePart = results.SelectMany(r => r.Estimates).Average(e => e.Status == EstimateStatus.Ok ? 1.0 : 0.0),
        };
    }

    /// <summary>Reference: 60 over the mean interval of the window's reference beats, of which there must be three, none in flutter.</summary>
    private static (List<double> Errors, List<(double, double, double, double)> Windows) Rates(EcgRecording record, List<WindowResult> results)
    {
        var errors = new List<double>();
        var windows = new List<(double, double, double, double)>();
        var held = 75.0;
        foreach (var result in results.Where(r => !r.Window.IsTail))
        {
            var estimate = result.Estimates[0];
            if (estimate.Status == EstimateStatus.Ok)
                held = estimate.Value;
            var (start, end) = (result.Window.StartIndex, result.Window.EndIndex);
            var beats = record.Beats.Where(b => b.Sample >= start && b.Sample < end).ToArray();
            var error = double.NaN;
            if (beats.Length >= 3 && record.IsScored(start) && record.IsScored(end))
            {
                error = Math.Abs(held - 60 * record.RateHz * (beats.Length - 1) / (beats[^1].Sample - beats[0].Sample));
                errors.Add(error);
            }
            windows.Add((start, estimate.Quality, error, estimate.Sigma));
        }
        return (errors, windows);
    }
}
