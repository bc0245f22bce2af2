namespace Pipeline.Host.Pictures;

/// <summary>
/// A colour of a picture: one of the page's CSS variables. ScottPlot draws with the value of the light page, and the SVG names the variable, so that
/// pictures follow light, dark and print as the page does.
/// </summary>
/// <param name="Variable">The CSS variable, without its two dashes.</param>
/// <param name="Hex">The colour ScottPlot draws with: each is used for one variable only.</param>
internal sealed record ChartColor(string Variable, string Hex)
{
    public static readonly ChartColor Ink = new("ink", "#1C2127");
    public static readonly ChartColor Soft = new("soft", "#5C6670");
    public static readonly ChartColor Line = new("line", "#DFE3E8");
    public static readonly ChartColor Accent = new("accent", "#2B5C8A");
    public static readonly ChartColor Second = new("second", "#8A6D1F");
    public static readonly ChartColor Reference = new("reference", "#0D9F90");
    public static readonly ChartColor Estimate = new("estimate", "#E2570E");

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<ChartColor> All = [Ink, Soft, Line, Accent, Second, Reference, Estimate];

    /// <summary>For ScottPlot, with an opacity from 0 to 1.</summary>
    public ScottPlot.Color With(double opacity = 1) => ScottPlot.Color.FromHex(Hex).WithAlpha(opacity);
}
