using System.Globalization;
using Pipeline.Host.Pictures;
using Pipeline.Training.Evaluation;

namespace Pipeline.Host.Evaluation;

/// <summary>The report's pictures of all windows together, as SVG.</summary>
internal static class EvaluationPictures
{
    private static readonly ChartFrame Half = new(500, 360);
    private static readonly ChartColor[] SetColors = [ChartColor.Accent, ChartColor.Second, ChartColor.Reference, ChartColor.Estimate];

    /// <summary>Bland–Altman: difference over mean, with bias and limits of agreement.</summary>
    public static string Agreement(EvaluationResult result)
    {
        var windows = result.Windows.Where(w => w.HasValue).ToList();
        if (windows.Count == 0)
            return "";
        var (bias, sd) = (result.Overall.Bias ?? 0, result.Overall.ErrorSd ?? 0);
        var reach = 1.1 * Math.Max(5, windows.Max(w => Math.Abs(w.Error)));
        var means = windows.Select(w => (w.Reference + w.Value) / 2).ToList();
        using var chart = new Chart(
            Half with { Right = 92 },
            ChartAxis.Of(means.Min() - 3, means.Max() + 3, "Mean of reference and estimate (bpm)"),
            ChartAxis.Of(-reach, reach, "Estimate − reference (bpm)"));
        chart.Dots(windows.Select((w, i) => (means[i], w.Error)), ChartColor.Accent, 1.8f, windows.Count > 3000 ? 0.18 : 0.35);
        foreach (var (level, name, isLimit) in new[] { (bias - 1.96 * sd, "−1.96 SD", true), (bias, "bias", false), (bias + 1.96 * sd, "+1.96 SD", true) })
        {
            chart.HorizontalLine(level, ChartColor.Estimate, 1.5f, isLimit);
            chart.Text(means.Max() + 3, level, $"{name}  {Signed(level)}", "start", dx: 6);
        }
        return chart.ToSvg("agreement", "Bland–Altman plot of estimate and reference");
    }

    /// <summary>The mean absolute error of the surest windows, over how many are kept, by what they are sorted by.</summary>
    public static string Risk(EvaluationResult result)
    {
        (string Name, ChartColor Color, bool IsDashed, IReadOnlyList<RiskPoint> Points)[] lines =
        [
            ("kept by the error itself", ChartColor.Soft, true, RiskCoverage.By(result.Windows, w => Math.Abs(w.Error))),
            ("kept by quality", ChartColor.Second, false, RiskCoverage.By(result.Windows, w => -w.Quality)),
            ("kept by σ", ChartColor.Accent, false, RiskCoverage.By(result.Windows, w => w.Sigma)),
        ];
        if (lines[0].Points.Count == 0)
            return "";
        var top = 1.08 * Math.Max(0.1, lines.SelectMany(l => l.Points).Max(p => p.Mae));
        using var chart = new Chart(Half with { Height = 342 }, ChartAxis.Of(0, 100, "Windows kept (%)", 10), ChartAxis.Of(0, top, "Mean absolute error (bpm)"));
        foreach (var (_, colour, isDashed, points) in lines)
            chart.Line(points.Select(p => (100 * p.Coverage, p.Mae)), colour, 2, isDashed);
        return ChartPage.Legend(lines.Reverse().Select(l => (l.Name, l.Color, l.IsDashed))) + chart.ToSvg("risk", "Mean absolute error over the part of windows kept");
    }

    /// <summary>A bar a person, with the spread of the errors.</summary>
    public static string Subjects(EvaluationResult result)
    {
        var sets = result.Sets.Select(s => s.Set).ToList();
        var rows = result.Subjects.Where(s => s.Figures.Mae is not null).OrderByDescending(s => s.Figures.Mae)
            .Select(s => (s.Set, Name: sets.Count > 1 ? $"{s.Set} / {s.Subject}" : s.Subject, Mae: s.Figures.Mae ?? 0, Errors: Errors(result, s.Set, s.Subject))).ToList();
        if (rows.Count == 0)
            return "";
        var right = 1.04 * rows.Max(r => Math.Max(r.Mae, Quantile(r.Errors, 0.95)));
        var frame = new ChartFrame(1024, 50 + 20 * rows.Count, Left: 24 + (int)(6.6 * rows.Max(r => r.Name.Length)), Right: 52, Top: 8);
        using var chart = new Chart(
            frame, ChartAxis.Of(0, right, "Absolute error (bpm)", 10), new ChartAxis(0, rows.Count, null, [.. rows.Select((r, i) => (Middle(i), r.Name))], HasGrid: false));
        for (var i = 0; i < rows.Count; i++)
        {
            var (row, middle) = (rows[i], Middle(i));
            chart.Box(0, row.Mae, middle - 0.4, middle + 0.4, SetColors[sets.IndexOf(row.Set) % SetColors.Length], 0.55);
            chart.Line([(Quantile(row.Errors, 0.05), middle), (Quantile(row.Errors, 0.95), middle)], ChartColor.Ink, 1);
            chart.Line([(Quantile(row.Errors, 0.25), middle), (Quantile(row.Errors, 0.75), middle)], ChartColor.Ink, 3.5f);
            chart.Text(Math.Max(row.Mae, Quantile(row.Errors, 0.95)), middle, row.Mae.ToString("F2", CultureInfo.InvariantCulture), "start", dx: 6);
        }
        var legend = sets.Count > 1 ? ChartPage.Legend(sets.Select((set, i) => (set, SetColors[i % SetColors.Length], false))) : "";
        return legend + chart.ToSvg("subjects", "Absolute error of each person");

        double Middle(int row) => rows.Count - row - 0.5;
    }

    /// <summary>The part of references inside the interval of σ, over the part that should be.</summary>
    public static string Reliability(EvaluationResult result)
    {
        var rows = Calibration.Reliability(result.Windows);
        using var chart = new Chart(Half, ChartAxis.Of(0, 100, "Interval promises (%)", 10), ChartAxis.Of(0, 100, "Interval holds (%)", 10));
        chart.Line([(0, 0), (100, 100)], ChartColor.Soft, 1.5f, isDashed: true);
        var points = rows.Select(r => (100 * r.Nominal, 100 * r.Observed)).ToList();
        chart.Line(points, ChartColor.Accent, 2);
        chart.Dots(points, ChartColor.Accent, 3.5f);
        foreach (var row in rows.Where(r => r.Nominal == 0.9 && double.IsFinite(r.Observed)))
            chart.Text(90, 100 * row.Observed, $"{(100 * row.Observed).ToString("F1", CultureInfo.InvariantCulture)} %", "end", dx: -8, dy: -6, style: "strong");
        return chart.ToSvg("reliability", "Part of references inside the interval of σ, over the nominal part");
    }

    /// <summary>The root mean squared error of windows, over the σ that they came with.</summary>
    public static string Sigma(EvaluationResult result)
    {
        var bins = Calibration.BySigma(result.Windows).Where(b => b.Sigma > 0 && b.Rmse > 0).ToList();
        if (bins.Count == 0)
            return "";
        var (low, high) = (0.8 * bins.Min(b => Math.Min(b.Sigma, b.Rmse)), 1.25 * bins.Max(b => Math.Max(b.Sigma, b.Rmse)));
        using var chart = new Chart(Half, ChartAxis.Logarithmic(low, high, "σ that was said (bpm)"), ChartAxis.Logarithmic(low, high, "Root mean squared error (bpm)"));
        chart.Line([(low, low), (high, high)], ChartColor.Soft, 1.5f, isDashed: true);
        chart.Line(bins.Select(b => (b.Sigma, b.Rmse)), ChartColor.Accent, 1.5f);
        chart.Dots(bins.Select(b => (b.Sigma, b.Rmse)), ChartColor.Accent, 3.5f);
        return chart.ToSvg("sigma", "Root mean squared error over σ");
    }

    /// <summary>A number with its sign.</summary>
    public static string Signed(double value) => value.ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);

    private static double[] Errors(EvaluationResult result, string set, string subject) =>
        [.. result.Recordings.Where(r => r.Set == set && r.Subject == subject).SelectMany(r => r.Windows).Where(w => w.HasValue).Select(w => Math.Abs(w.Error)).Order()];

    /// <summary>Linear between the two nearest; sorted has at least one value.</summary>
    private static double Quantile(double[] sorted, double part)
    {
        var place = part * (sorted.Length - 1);
        var below = (int)place;
        return below + 1 < sorted.Length ? sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
    }
}
