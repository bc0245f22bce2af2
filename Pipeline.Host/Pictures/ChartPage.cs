using System.Net;
using System.Text;

namespace Pipeline.Host.Pictures;

/// <summary>Pages of pictures: one HTML file each that refers to nothing outside itself and runs no script, made from a template in the program.</summary>
internal static class ChartPage
{
    /// <summary>The template with the style sheet in the place of <c>{{style}}</c> and each part in the place of <c>{{its name}}</c>; parts are HTML.</summary>
    public static string Of(string template, IReadOnlyDictionary<string, string> parts)
    {
        var page = new StringBuilder(Resource(template)).Replace("{{style}}", Resource("report.css"));
        foreach (var (name, text) in parts)
            page.Replace($"{{{{{name}}}}}", text);
        return page.ToString();
    }

    /// <summary>What the lines of a picture mean, as HTML.</summary>
    public static string Legend(IEnumerable<(string Name, ChartColor Color, bool IsDashed)> entries) =>
        $"<div class=\"legend\">{string.Concat(entries.Select(e => $"<span><i style=\"border-color:var(--{e.Color.Variable}){(e.IsDashed ? ";border-top-style:dashed" : "")}\"></i>{Text(e.Name)}</span>"))}</div>\n";

    /// <summary>Plain text as HTML.</summary>
    public static string Text(string plain) => WebUtility.HtmlEncode(plain);

    /// <summary>A file that is in the program.</summary>
    public static string Resource(string name)
    {
        using var stream = typeof(ChartPage).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the program.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
