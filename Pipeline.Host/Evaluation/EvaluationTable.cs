using System.Globalization;
using Pipeline.Training.Evaluation;

namespace Pipeline.Host.Evaluation;

/// <summary>The figures in lines of a terminal: subjects, data sets, all.</summary>
internal static class EvaluationTable
{
    private static readonly string[] Columns = ["windows", "coverage", "MAE", "RMSE", "bias", "within 5", "in 90 %", "σ"];

    /// <summary>Writes them.</summary>
    public static void Write(EvaluationResult result, TextWriter output)
    {
        var rows = result.Subjects.Select(s => ($"{s.Set}/{s.Subject}", s.Figures)).ToList();
        if (result.Sets.Count > 1)
            rows.AddRange(result.Sets.Select(s => ($"all of {s.Set}", s.Figures)));
        rows.Add(("all", result.Overall));
        var width = rows.Max(row => row.Item1.Length);
        output.WriteLine($"{"".PadRight(width)}{string.Concat(Columns.Select(c => c.PadLeft(10)))}");
        foreach (var (name, figures) in rows)
            output.WriteLine($"{name.PadRight(width)}{string.Concat(Cells(figures).Select(c => c.PadLeft(10)))}");
        foreach (var set in result.Sets)
            output.WriteLine($"{set.Set}: mean over {set.Recordings} recordings of their MAE {Fixed(set.MeanMae, "F2")} bpm");
    }

    /// <summary>The cells of a row of figures.</summary>
    public static IEnumerable<string> Cells(RateFigures figures) =>
    [
        figures.Windows.ToString(CultureInfo.InvariantCulture), Percent(figures.Coverage), Fixed(figures.Mae, "F2"), Fixed(figures.Rmse, "F2"), Fixed(figures.Bias, "F2"),
        Percent(figures.Within5), Percent(figures.Within90Interval), Fixed(figures.Sigma, "F2"),
    ];

    /// <summary>A part as per cent; a dash without one.</summary>
    public static string Percent(double? part) => part is { } known ? string.Create(CultureInfo.InvariantCulture, $"{100 * known:F1} %") : "–";

    /// <summary>A number; a dash without one.</summary>
    public static string Fixed(double? value, string format) => value is { } known ? known.ToString(format, CultureInfo.InvariantCulture) : "–";
}
