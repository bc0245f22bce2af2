using System.Globalization;
using Pipeline.Training.Evaluation;

namespace Pipeline.Host.Evaluation;

/// <summary>Methods side by side, as a Markdown table and as rows of CSV.</summary>
internal static class CompareTable
{
    /// <summary>
    /// Writes a row a method: mean over the recordings of a set of the mean absolute error of every window, the worst recording in brackets.
    /// </summary>
    public static void Write(IReadOnlyList<ComparedMethod> methods, string protocol, TextWriter output)
    {
        var sets = methods[0].HeldOut.Select(r => r.Set).Distinct().ToList();
        var others = methods[0].NewSensor.Select(r => r.Set).Distinct().ToList();
        output.WriteLine(protocol);
        output.WriteLine();
        List<IReadOnlyList<string>> rows =
        [
            ["method", .. sets, .. others.Select(set => $"{set}, new sensor"), "within 5", "in 90 % interval", "parameters", "MFLOP", "µs", "published"],
            .. methods.Select(method => Row(method, sets, others)),
        ];
        var widths = rows[0].Select((_, column) => rows.Max(row => row[column].Length)).ToList();
        for (var r = 0; r < rows.Count; r++)
        {
            output.WriteLine($"| {string.Join(" | ", rows[r].Select((cell, column) => cell.PadRight(widths[column])))} |");
            if (r == 0)
                output.WriteLine($"|{string.Join("|", widths.Select(width => new string('-', width + 2)))}|");
        }
    }

    /// <summary>Writes a row a method and recording.</summary>
    public static void WriteRecordings(IReadOnlyList<ComparedMethod> methods, TextWriter output)
    {
        output.WriteLine("method,split,set,recording,windows,coverage,mae_every_window_bpm,within_5_bpm,within_90_interval");
        foreach (var method in methods)
            foreach (var (split, recordings) in new[] { ("held-out", method.HeldOut), ("new-sensor", method.NewSensor) })
                foreach (var recording in recordings)
                {
                    var figures = RateFigures.Of([recording]);
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"{method.Name},{split},{recording.Set},{recording.Name},{figures.Windows},{figures.Coverage:F4},{figures.MaeEveryWindow:F3},{figures.Within5:F4},{figures.Within90Interval:F4}"));
                }
    }

    private static string[] Row(ComparedMethod method, List<string> sets, List<string> others)
    {
        var all = RateFigures.Of(method.HeldOut);
        return
        [
            method.Name, .. sets.Select(set => Error(method.HeldOut, set)), .. others.Select(set => Error(method.NewSensor, set)),
            Percent(all.Within5), Percent(double.IsNaN(all.Sigma ?? double.NaN) ? null : all.Within90Interval),
            method.Cost is { } cost ? cost.Parameters.ToString("N0", CultureInfo.InvariantCulture) : "",
            method.Cost?.Mflop.ToString("F2", CultureInfo.InvariantCulture) ?? "", method.Cost?.Microseconds.ToString("F0", CultureInfo.InvariantCulture) ?? "",
            method.Published,
        ];
    }

    private static string Error(IReadOnlyList<ScoredRecording> recordings, string set)
    {
        var errors = recordings.Where(r => r.Set == set).Select(r => RateFigures.Of([r]).MaeEveryWindow).OfType<double>().ToList();
        return errors.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{errors.Average():F2} ({errors.Max():F1})");
    }

    private static string Percent(double? part) => part is { } known ? string.Create(CultureInfo.InvariantCulture, $"{100 * known:F1} %") : "";
}
