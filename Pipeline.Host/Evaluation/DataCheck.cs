using System.Globalization;
using Pipeline.Training.Evaluation;
using Pipeline.Training.HeartRate;

namespace Pipeline.Host.Evaluation;

/// <summary>What is seen of recordings and their references before anything is trained on them.</summary>
internal static class DataCheck
{
    private const double HopSeconds = 2;
    private const int MostHops = 8;                 // by which a reference may be early or late
    private const int LeastWindows = 30;
    private const double BetterPart = 0.6;          // of the error: less is no chance
    private const double LargeError = 20;           // per minute: the estimator has lost the heart, or the reference is another one

    /// <summary>A line a data set, and one for each recording that should be looked at, by the classical estimator's scores.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<RateRecording> recordings, IReadOnlyList<ScoredRecording> classical)
    {
        foreach (var set in recordings.GroupBy(r => r.Set))
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{set.Key}: {set.Count()} recordings, {Range(set.Select(r => r.RateHz))} Hz, {Range(set.Select(r => (double)r.Ppg.Length))} PPG channels, {Range(set.Select(r => (double)r.Acc.Length))} axes, "
                + $"{set.Sum(r => r.Labels.Count)} references of {Range(set.SelectMany(r => r.Labels.Select(label => Math.Round(label.BeatsPerMinute))).Where(double.IsFinite))} per minute");
        foreach (var recording in classical)
        {
            if (recording.Windows.Count == 0)
                yield return $"{recording.Set}/{recording.Name}: no window of 8 s has a reference (t_start_s is its start, every 2 s from 0): nothing is scored";
            else if (LagOf(recording.Windows) is { } lag)
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"{recording.Set}/{recording.Name}: its reference seems to be {Math.Abs(lag)} s {(lag > 0 ? "late" : "early")}: is t_start_s the window's start, and on the recording's clock?");
            else if (RateFigures.Of([recording]).Mae is > LargeError and var error)
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"{recording.Set}/{recording.Name}: the classical estimator is {error:F0} per minute off: are the channels' kinds right, and is the reference this recording's?");
        }
    }

    /// <summary>Seconds by which the reference comes after the estimates (before: negative); null where it is in time, or nothing can be said.</summary>
    internal static double? LagOf(IReadOnlyList<ScoredWindow> windows)
    {
        var values = windows.Where(w => w.HasValue).ToDictionary(w => (long)Math.Round(w.StartSeconds / HopSeconds), w => w.Value);
        double ErrorAt(int hops)
        {
            var errors = windows.Select(w => (w.Reference, Value: values.TryGetValue((long)Math.Round(w.StartSeconds / HopSeconds) - hops, out var value) ? value : double.NaN))
                .Where(w => double.IsFinite(w.Value)).Select(w => Math.Abs(w.Value - w.Reference)).ToList();
            return errors.Count < LeastWindows ? double.NaN : errors.Average();
        }
        var best = Enumerable.Range(-MostHops, 2 * MostHops + 1).MinBy(hops => ErrorAt(hops) is var error && double.IsNaN(error) ? double.MaxValue : error);
        return best != 0 && ErrorAt(best) < BetterPart * ErrorAt(0) ? HopSeconds * best : null;
    }

    private static string Range(IEnumerable<double> values)
    {
        var (least, most) = (values.DefaultIfEmpty().Min(), values.DefaultIfEmpty().Max());
        return least == most ? least.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{least} to {most}");
    }
}
