using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Pipeline.Host.Pictures;

/// <summary>What ScottPlot drew, as a part of a page: colours by the page's variables, ids that are its own, texts over it.</summary>
internal static partial class ChartSvg
{
    /// <summary>Rewrites a drawing.</summary>
    /// <param name="drawing">ScottPlot's SVG document.</param>
    /// <param name="frame">Its size.</param>
    /// <param name="texts">SVG text elements to lay over it.</param>
    /// <param name="id">A name that no other picture of the page has.</param>
    /// <param name="description">What it shows.</param>
    public static string Of(string drawing, ChartFrame frame, string texts, string id, string description)
    {
        var begin = drawing.IndexOf('>', drawing.IndexOf("<svg", StringComparison.Ordinal)) + 1;
        var body = new StringBuilder();
        var end = drawing.LastIndexOf("</svg>", StringComparison.Ordinal);  // an empty drawing has none
        foreach (var line in drawing[begin..Math.Max(begin, end)].Split('\n').Select(l => l.Trim()))
            body.Append(line.Contains("base64", StringComparison.Ordinal) || line.Contains("transform", StringComparison.Ordinal) ? line : Short(line)).Append('\n');
        body.Replace(" id=\"", $" id=\"{id}-").Replace("url(#", $"url(#{id}-").Replace("href=\"#", $"href=\"#{id}-");
        foreach (var colour in ChartColor.All)
            body.Replace($"\"{colour.Hex}\"", $"\"var(--{colour.Variable})\"");
        return $"<svg class=\"chart\" viewBox=\"0 0 {frame.Width} {frame.Height}\" width=\"{frame.Width}\" height=\"{frame.Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(description)}\">\n{body}{texts}</svg>\n";
    }

    // A hundredth of a pixel is not seen; a scatter of many windows is a third smaller.
    private static string Short(string line) => MoreDigits().Replace(line, "$1");

    [GeneratedRegex(@"(\.\d\d)\d+")]
    private static partial Regex MoreDigits();
}
