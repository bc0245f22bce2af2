using System.Globalization;
using System.Net;
using System.Text;
using Pipeline.Host.Pictures;
using Pipeline.Models;
using Pipeline.Training.Evaluation;

namespace Pipeline.Host.Evaluation;

/// <summary>
/// The evaluation as one HTML file that refers to nothing outside itself and runs no script: figures and tables are in it as text, pictures as SVG
/// (ScottPlot's).
/// </summary>
internal static class EvaluationReport
{
    /// <summary>Writes the report, and figures and windows beside it.</summary>
    public static async Task WriteAsync(EvaluationResult result, EvaluateRequest request, CancellationToken stop)
    {
        await File.WriteAllTextAsync(request.Figures, result.ToJson(), stop);
        await File.WriteAllLinesAsync(request.Windows, result.ToCsv(), stop);
        await File.WriteAllTextAsync(request.Report, Of(result), stop);
    }

    /// <summary>The file.</summary>
    public static string Of(EvaluationResult result)
    {
        var worst = new WorstPictures(result);
        var parts = new Dictionary<string, string>
        {
            ["agreement"] = EvaluationPictures.Agreement(result),
            ["risk"] = EvaluationPictures.Risk(result),
            ["persons"] = EvaluationPictures.Subjects(result),
            ["intervals"] = EvaluationPictures.Reliability(result),
            ["sigma"] = EvaluationPictures.Sigma(result),
            ["spectrograms"] = worst.Spectrograms(),
            ["worst"] = worst.Windows(),
            ["title"] = Text($"{result.Request.Model} on {string.Join(", ", result.Sets.Select(s => s.Set))}"),
            ["subtitle"] = Text(Subtitle(result)),
            ["remarks"] = string.Concat(result.Remarks.Select(remark => $"<p class=\"remark\">{Text(remark)}</p>\n")),
            ["tiles"] = Tiles(result),
            ["sets"] = Table("Data set", result.Sets.Select(s => (s.Set, s.Figures)).Append(("All windows", result.Overall)), result.Sets.Select(s => s.MeanMae).Append(result.MeanMae)),
            ["subjects"] = Table("Recording", result.Subjects.Select(s => ($"{s.Set} / {s.Subject}", s.Figures)), null),
            ["reliability"] = Reliability(result),
            ["command"] = Text(result.Request.Command),
        };
        return ChartPage.Of("report.html", parts);
    }

    private static string Subtitle(EvaluationResult result) => string.Create(CultureInfo.InvariantCulture,
        $"Heart rate from {Names.Of(result.Signal).ToUpperInvariant()} · {result.Model} · {result.Recordings.Count} recordings · {result.Overall.Windows:N0} windows of 8 s every 2 s · ")
        + (result.Request.Split switch { null => "no split", "loso" => "each recording left out once", var file => $"split by {Path.GetFileName(file)}" });

    private static string Tiles(EvaluationResult result)
    {
        var all = result.Overall;
        (string Label, string Value, string Note)[] tiles =
        [
            ("Mean absolute error", $"{EvaluationTable.Fixed(all.Mae, "F2")} <small>bpm</small>", $"mean of recordings {EvaluationTable.Fixed(result.MeanMae, "F2")}"),
            ("RMS error", $"{EvaluationTable.Fixed(all.Rmse, "F2")} <small>bpm</small>", $"bias {Minus(EvaluationTable.Fixed(all.Bias, "+0.00;-0.00"))}"),
            ("Within 5 bpm", EvaluationTable.Percent(all.Within5), "of the estimates"),
            ("Coverage", EvaluationTable.Percent(all.Coverage), $"every window: MAE {EvaluationTable.Fixed(all.MaeEveryWindow, "F2")}"),
            ("Inside the 90 % interval", EvaluationTable.Percent(all.Within90Interval), "90 % when σ is right"),
        ];
        return string.Concat(tiles.Select(t => $"<div class=\"tile\"><span>{t.Label}</span><strong>{t.Value}</strong><em>{t.Note}</em></div>\n"));
    }

    private static string Table(string first, IEnumerable<(string Name, RateFigures Figures)> rows, IEnumerable<double?>? means)
    {
        string[] columns = ["Windows", "Coverage", "MAE", "RMSE", "Bias", "Within 5", "In 90 % interval", "Mean σ"];
        var mean = means?.ToList();
        var text = new StringBuilder($"<table><thead><tr><th>{first}</th>");
        foreach (var column in mean is null ? columns : [.. columns, "Mean MAE of recordings"])
            text.Append(CultureInfo.InvariantCulture, $"<th class=\"number\">{column}</th>");
        text.Append("</tr></thead><tbody>\n");
        foreach (var ((name, figures), row) in rows.Select((r, i) => (r, i)))
        {
            text.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(name)}</td>");
            foreach (var cell in mean is null ? EvaluationTable.Cells(figures) : EvaluationTable.Cells(figures).Append(EvaluationTable.Fixed(mean[row], "F2")))
                text.Append(CultureInfo.InvariantCulture, $"<td class=\"number\">{Minus(cell)}</td>");
            text.Append("</tr>\n");
        }
        return text.Append("</tbody></table>").ToString();
    }

    private static string Reliability(EvaluationResult result)
    {
        var text = new StringBuilder("<table class=\"narrow\"><thead><tr><th class=\"number\">Interval</th><th class=\"number\">± σ</th><th class=\"number\">holds</th></tr></thead><tbody>\n");
        foreach (var row in Calibration.Reliability(result.Windows))
            text.Append(CultureInfo.InvariantCulture, $"<tr><td class=\"number\">{100 * row.Nominal:F0} %</td><td class=\"number\">{row.Sigmas:F2}</td><td class=\"number\">{EvaluationTable.Percent(row.Observed)}</td></tr>\n");
        return text.Append("</tbody></table>").ToString();
    }

    private static string Minus(string number) => number is "-0.00" ? "0.00" : number.Replace('-', '−');

    private static string Text(string plain) => WebUtility.HtmlEncode(plain);
}
