using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pipeline.Host.Networks;
using Pipeline.Host.Pictures;

namespace Pipeline.Host.Evaluation;

/// <summary>The figures of a network for beats as one HTML file without script, and beside it as JSON and CSV.</summary>
internal static class BeatReport
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the report to <see cref="EvaluateRequest.Report"/>, and figures and recordings beside it.</summary>
    public static async Task WriteAsync(QrsResult result, EvaluateRequest request, CancellationToken stop)
    {
        await File.WriteAllTextAsync(request.Figures, JsonOf(result, request), stop);
        await File.WriteAllLinesAsync(
            request.Windows, result.Rows.Select(row => $"{row.Set},{row.Recording},{string.Join(',', CellsOf(row))}").Prepend($"set,recording,{string.Join(',', result.Columns)}"), stop);
        await File.WriteAllTextAsync(request.Report, HtmlOf(result, request), stop);
    }

    private static string JsonOf(QrsResult result, EvaluateRequest request) => JsonSerializer.Serialize(
        new
        {
            result.Model,
            request.Command,
            Recordings = result.Rows.Select(row => new { row.Set, row.Recording, Figures = result.Columns.Zip(ValuesOf(row)).ToDictionary(one => one.First, one => one.Second) }),
        }, Json);

    private static string HtmlOf(QrsResult result, EvaluateRequest request)
    {
        var page = new StringBuilder("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
        var title = Text($"{result.Model} on {string.Join(", ", result.Rows.Select(row => row.Set).Distinct())}");
        page.Append(CultureInfo.InvariantCulture, $"{title}</title>\n<style>\n{ChartPage.Resource("report.css")}\n</style>\n</head>\n<body>\n<header><h1>{title}</h1>\n");
        page.Append(CultureInfo.InvariantCulture, $"<p class=\"subtitle\">Beats of {result.Rows.Count} recordings, {result.Rows.Sum(row => (long)row.Count):N0} in the reference</p></header>\n");
        page.Append("<section><h2>Data sets</h2>\n");
        foreach (var set in result.Rows.GroupBy(row => row.Set))
            page.Append(CultureInfo.InvariantCulture, $"<p>{Text(QrsScores.Line(set.Key, "", [.. set]))}</p>\n");
        page.Append("</section>\n<section><h2>Recordings</h2>\n<p class=\"note\">f1 in per cent; beats, false and missed are counts; lead0: the first lead alone; ")
            .Append("em6, em0: with electrode motion added at 6 and 0 dB.</p>\n<table><thead><tr><th>Recording</th>");
        foreach (var column in result.Columns)
            page.Append(CultureInfo.InvariantCulture, $"<th class=\"number\">{column}</th>");
        page.Append("</tr></thead><tbody>\n");
        foreach (var row in result.Rows)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text($"{row.Set} / {row.Recording}")}</td>");
            foreach (var cell in CellsOf(row))
                page.Append(CultureInfo.InvariantCulture, $"<td class=\"number\">{cell}</td>");
            page.Append("</tr>\n");
        }
        return page.Append(CultureInfo.InvariantCulture, $"</tbody></table></section>\n<footer><p>Made by <code>{Text(request.Command)}</code></p></footer>\n</body>\n</html>\n").ToString();
    }

    private static IEnumerable<double> ValuesOf(HeldOutScore row) => row.Figures.Prepend(row.Count);

    private static IEnumerable<string> CellsOf(HeldOutScore row) =>
        row.Figures.Select(figure => figure.ToString("F3", CultureInfo.InvariantCulture)).Prepend(row.Count.ToString(CultureInfo.InvariantCulture));

    private static string Text(string plain) => WebUtility.HtmlEncode(plain);
}
