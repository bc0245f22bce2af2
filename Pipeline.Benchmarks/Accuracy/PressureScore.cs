using System.Globalization;
using Pipeline.Models;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>Errors of pressures in windows with status ok, by metric, and how many windows those are.</summary>
internal sealed class PressureScore
{
    private readonly SortedDictionary<Metric, (int Windows, int Ok, List<double> Errors)> _of = [];

    public bool IsEmpty => _of.Count == 0;

    /// <summary>The errors in a line.</summary>
    public string Text => string.Join(", ", _of.Select(one => string.Create(CultureInfo.InvariantCulture,
        $"{Names.Of(one.Key)} MAE {MeanOf(one.Value.Errors.Select(Math.Abs)):0.00} bias {MeanOf(one.Value.Errors):0.00} ok {100.0 * one.Value.Ok / one.Value.Windows:0.0} %")));

    /// <summary>Takes a window's; <paramref name="truth"/> NaN where there is no reference.</summary>
    public void Take(in Estimate estimate, double truth)
    {
        var (windows, ok, errors) = _of.TryGetValue(estimate.Metric, out var known) ? known : (0, 0, []);
        var isOk = estimate.Status == EstimateStatus.Ok;
        if (isOk && !double.IsNaN(truth))
            errors.Add(estimate.Value - truth);
        _of[estimate.Metric] = (windows + 1, ok + (isOk ? 1 : 0), errors);
    }

    /// <summary>Takes those of another.</summary>
    public void Take(PressureScore other)
    {
        foreach (var (metric, (windows, ok, errors)) in other._of)
        {
            var known = _of.TryGetValue(metric, out var own) ? own : (0, 0, []);
            _of[metric] = (known.Item1 + windows, known.Item2 + ok, [.. known.Item3, .. errors]);
        }
    }

    /// <summary>Adds mean absolute error and coverage of each metric.</summary>
    public void Report(Report report, string name)
    {
        foreach (var (metric, (windows, ok, errors)) in _of)
        {
            if (errors.Count > 0)
                report.Add($"{name}_{Names.Of(metric)}_mae", MeanOf(errors.Select(Math.Abs)), "mm[Hg]");
            report.Add($"{name}_{Names.Of(metric)}_ok", 100.0 * ok / windows, "%");
        }
    }

    private static double MeanOf(IEnumerable<double> values) => values.DefaultIfEmpty(double.NaN).Average();
}

/// <summary>Systolic, diastolic and mean pressure by window start, as a file beside a recording names them.</summary>
internal sealed class PressureReference
{
    private readonly Dictionary<(long TenthsOfSecond, Metric Metric), double> _values = [];

    /// <summary>Reads <paramref name="file"/>; empty where there is none, or it has no pressures.</summary>
    public static PressureReference Of(string file)
    {
        var reference = new PressureReference();
        if (!File.Exists(file))
            return reference;
        var lines = File.ReadAllLines(file);
        var columns = lines[0].Split(',');
        foreach (var (metric, prefix) in ((Metric, string)[])[(Metric.Systolic, "sbp"), (Metric.Diastolic, "dbp"), (Metric.MeanPressure, "map")])
        {
            var at = Array.FindIndex(columns, column => column.StartsWith(prefix, StringComparison.Ordinal));
            foreach (var row in at < 0 ? [] : lines.Skip(1).Select(line => line.Split(',')))
                if (row.Length > at && row[at].Length > 0)
                    reference._values[(Tenths(double.Parse(row[0], CultureInfo.InvariantCulture)), metric)] = double.Parse(row[at], CultureInfo.InvariantCulture);
        }
        return reference;
    }

    /// <summary>The value of the window that starts at <paramref name="seconds"/>; NaN where there is none.</summary>
    public double At(double seconds, Metric metric) => _values.GetValueOrDefault((Tenths(seconds), metric), double.NaN);

    private static long Tenths(double seconds) => (long)Math.Round(10 * seconds);
}
